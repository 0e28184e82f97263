import type { Strategy } from "../chaos/scenario.js";
import { mebibyte } from "../units.js";

/** Who takes part in a trial, and over what. */
export interface Shape {
  readonly receiverCount: number;
  /** The host whose member lies, by its number, from 1; in each strategy. */
  readonly liar: Readonly<Record<Strategy, number>>;
  readonly sizeBytes: number;
  /** What every link carries each way, in bits a second. */
  readonly bitsPerSecond: number;
  /** A trial that is not over then is ended. */
  readonly timeoutMs: number;
}

/**
 * Four honest receivers, and a liar that everything would go through: a chain begins with the first. In a
 * tree it is chance who has somebody below; the third has more often than not. One copy
 * takes 10.7 s, as in the other scenarios of the lab; at this rate two cores are no limit, also where
 * the liar keeps everybody busy.
 */
export const usualShape: Shape = {
  receiverCount: 5,
  liar: { pipeline: 1, tree: 3 },
  sizeBytes: 32 * mebibyte,
  bitsPerSecond: 25_000_000,
  timeoutMs: 120_000,
};

/** The same in a few seconds, for the tests: whether everybody is whole, not how fast. */
export const smallShape: Shape = { ...usualShape, receiverCount: 3, sizeBytes: 4 * mebibyte };
