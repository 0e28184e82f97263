import { badValue } from "../usage-error.js";

/** Turns an option's text into its value. Throws UsageError with name, value and range. */
export type ValueParser<T> = (text: string) => T;

export function integerOption(name: string, min: number, max: number): ValueParser<number> {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw badValue(name, text, `an integer from ${min} to ${max}`);
  };
}

/** Seconds, with a fraction if need be. The value is milliseconds. */
export function secondsOption(name: string, min: number, max: number): ValueParser<number> {
  return (text) => {
    const value = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return Math.round(value * 1_000);
    throw badValue(name, text, `seconds from ${min} to ${max}`);
  };
}

const unitBytes: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  kib: 1024,
  m: 1024 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gib: 1024 ** 3,
  t: 1024 ** 4,
  tib: 1024 ** 4,
};

/** A size: `65536`, `64k`, `64KiB`, `1MiB`. The value is bytes. */
export function sizeOption(name: string, min: number, max: number): ValueParser<number> {
  return (text) => {
    const [, digits = "", unit = ""] = /^(\d{1,15}) ?([a-z]*)$/i.exec(text) ?? [];
    const factor = unitBytes[unit.toLowerCase()];
    const value = digits === "" || factor === undefined ? Number.NaN : Number(digits) * factor;
    if (value >= min && value <= max) return value;
    throw badValue(name, text, `a size from ${formatSize(min)} to ${formatSize(max)}, as in 64KiB`);
  };
}

/** The largest unit in which the size is a whole number. */
function formatSize(bytes: number): string {
  for (const [unit, factor] of [
    ["TiB", 1024 ** 4],
    ["GiB", 1024 ** 3],
    ["MiB", 1024 ** 2],
    ["KiB", 1024],
  ] as const)
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  return String(bytes);
}

export function choiceOption<T extends string>(
  name: string,
  choices: readonly T[],
): ValueParser<T> {
  return (text) => {
    const choice = choices.find((known) => known === text);
    if (choice !== undefined) return choice;
    throw badValue(name, text, choices.join(" or "));
  };
}

/** @param expected - what the pattern means, for people */
export function patternOption(
  name: string,
  pattern: RegExp,
  expected: string,
): ValueParser<string> {
  return (text) => {
    if (pattern.test(text)) return text;
    throw badValue(name, text, expected);
  };
}
