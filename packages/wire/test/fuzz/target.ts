import type { Draw } from "./draw.js";

/** What became of an input. */
export type Verdict = "accepted" | "refused";

/** What JSON can say, so that an input can be kept in a corpus. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/** Something that takes what others made, and the promise that it keeps whatever that is. */
export interface FuzzTarget<Input = never> {
  /** Lower case, unique among all: `datagram`. */
  readonly name: string;
  /** What is tried, and what has to hold: one sentence. */
  readonly promise: string;
  /** Virtual machines of many peers take longer than a decoder: the most milliseconds of a case. */
  readonly mostMs: number;
  draw(draw: Draw): Input;
  /** Tries one input. Whatever it throws is a finding. */
  check(input: Input): Verdict | Promise<Verdict>;
  /** An input as a corpus keeps it, and back. */
  write(input: Input): Json;
  read(kept: Json): Input;
}

/** A target whose inputs only it knows. */
export type AnyTarget = FuzzTarget<unknown>;

/** Takes a target's inputs out of the type, so that all targets fit one list. */
export function anyTarget<Input>(target: FuzzTarget<Input>): AnyTarget {
  return target as unknown as AnyTarget;
}

/** A promise that a case saw broken. */
export class Finding extends Error {
  override readonly name = "Finding";
}

/** @throws Finding unless it is so */
export function promise(isKept: boolean, otherwise: string | (() => string)): asserts isKept {
  if (!isKept) throw new Finding(typeof otherwise === "string" ? otherwise : otherwise());
}
