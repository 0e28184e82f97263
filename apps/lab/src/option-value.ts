/** What an option may be. */
interface Range {
  readonly least: number;
  readonly most: number;
}

/** @throws RangeError with the option's name, when the text is no number in that range */
export function numberIn(option: string, text: string, { least, most }: Range): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= least && value <= most))
    throw new RangeError(`${option}: got "${text}", expected a number from ${least} to ${most}`);
  return value;
}

/** @throws RangeError with the option's name, when the text is no integer in that range */
export function integerIn(option: string, text: string, range: Range): number {
  const value = numberIn(option, text, range);
  if (!Number.isInteger(value))
    throw new RangeError(`${option}: got "${text}", expected an integer`);
  return value;
}
