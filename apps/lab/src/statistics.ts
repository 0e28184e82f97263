/** What is said of the same measurement made several times. */
export interface Summary {
  /** The middle value; of an even number of values the mean of the two in the middle. */
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** In the order in which they were measured. */
  readonly values: readonly number[];
}

/** @throws RangeError without values, or when one is no finite number */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) throw new RangeError("no values to summarize");
  if (!values.every(Number.isFinite)) throw new RangeError(`not finite: ${values.join(", ")}`);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  const median = middle.reduce((sum, value) => sum + value, 0) / middle.length;
  return { median, min, max, values };
}

/** Four digits: more say nothing about a measurement. */
export function round(value: number): number {
  return Number(value.toPrecision(4));
}

export function roundSummary({ median, min, max, values }: Summary): Summary {
  return { median: round(median), min: round(min), max: round(max), values: values.map(round) };
}
