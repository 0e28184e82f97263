import { GroupKey, type GroupKeys } from "@palmtree/transport";
import { defaultPeerOptions, type PeerOptions, pullPolicyNames } from "../core/index.js";

/**
 * Checks a number that a caller gave.
 *
 * @returns the value
 * @throws TypeError when it is no number, RangeError when it is no integer from `min` to `max`
 */
export function checkInteger(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== "number") throw wrongType(name, value, "a number");
  if (!Number.isSafeInteger(value) || value < min || value > max)
    throw new RangeError(`${name}: got ${value}, expected an integer from ${min} to ${max}`);
  return value;
}

/** @throws TypeError when `value` is no string, RangeError when it is empty */
export function checkText(name: string, value: unknown): string {
  if (typeof value !== "string") throw wrongType(name, value, "a string");
  if (value === "") throw new RangeError(`${name}: got an empty string, expected some text`);
  return value;
}

/** @throws TypeError when `value` is no list of strings, RangeError when it is empty */
export function checkTexts(name: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw wrongType(name, value, "an array of strings");
  if (value.length === 0) throw new RangeError(`${name}: got an empty array, expected some`);
  return value.map((item: unknown, index) => checkText(`${name}[${index}]`, item));
}

/** @throws TypeError when `value` is no string, RangeError when it is none of the words */
export function checkOneOf<T extends string>(name: string, value: unknown, words: readonly T[]): T {
  const text = checkText(name, value);
  const word = words.find((known) => known === text);
  if (word === undefined)
    throw new RangeError(
      `${name}: got ${JSON.stringify(text)}, expected one of ${words.join(", ")}`,
    );
  return word;
}

/** The knobs of the machines, with the caller's in the place of the defaults. */
export function checkPeerOptions(given: Partial<PeerOptions> | undefined): PeerOptions {
  const options: Record<string, number | string> = { ...defaultPeerOptions };
  for (const [name, value] of Object.entries<unknown>(given ?? {})) {
    if (!Object.hasOwn(defaultPeerOptions, name))
      throw new TypeError(`peerOptions.${name}: there is no such option`);
    if (value === undefined) continue;
    options[name] =
      name === "pullPolicy"
        ? checkOneOf(`peerOptions.${name}`, value, pullPolicyNames)
        : checkInteger(`peerOptions.${name}`, value, 0, 2 ** 31 - 1);
  }
  return options as unknown as PeerOptions;
}

/** Group keys that a process has at the same time: one, and a few while they are being replaced. */
const mostKeys = 8;

/**
 * @throws TypeError when it is no list of keys nor "insecure", RangeError when there are none or
 * more than 8
 */
export function checkKeys(value: GroupKeys | undefined): GroupKeys {
  if (value === "insecure") return value;
  if (!Array.isArray(value))
    throw wrongType("keys", value, 'an array of group keys, or "insecure" to do without');
  if (value.length < 1 || value.length > mostKeys)
    throw new RangeError(`keys: got ${value.length}, expected 1 to ${mostKeys}`);
  for (const [index, key] of value.entries())
    if (!(key instanceof GroupKey)) throw wrongType(`keys[${index}]`, key, "a GroupKey");
  return value;
}

function wrongType(name: string, value: unknown, expected: string): TypeError {
  const got = value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
  return new TypeError(`${name}: got ${got}, expected ${expected}`);
}
