import { PalmTreeError } from "./error.js";

/**
 * The rules that malformed bytes break; `error.facts.rule` names the first one broken. They are
 * checked in the order that docs/protocol.md, "Malformed input", gives.
 *
 * - `size`: a datagram, body or payload is shorter or longer than its type allows
 * - `magic`, `version`, `type`, `counter`: an envelope or prefix field has no meaning
 * - `truncated`: the body ends inside a value
 * - `format`: a value has another msgpack format than its field
 * - `count`: an array has more or fewer items than it may
 * - `length`: a text or binary value is longer or shorter than it may be
 * - `range`: an integer is below or above its range, or a code without a meaning
 * - `utf-8`: a text is not valid UTF-8
 * - `trailing`: bytes follow the body's array
 */
export type MalformedRule =
  | "size"
  | "magic"
  | "version"
  | "protection"
  | "type"
  | "counter"
  | "truncated"
  | "format"
  | "count"
  | "length"
  | "range"
  | "utf-8"
  | "trailing";

/** What the malformed bytes were going to be. */
export type MalformedSubject = "datagram" | "frame";

/** What is wrong with some bytes. `got` never holds text from the peer, so that it can be shown. */
export interface MalformedFacts {
  readonly rule: MalformedRule;
  /** The message's type, once it is known. */
  readonly message?: string | undefined;
  /** Where: `neighbours[2].port`, for example. */
  readonly field: string;
  readonly got: string | number;
  readonly expected: string;
}

/** The error for bytes from a peer that do not follow the protocol. */
export function malformed(subject: MalformedSubject, facts: MalformedFacts): PalmTreeError {
  const { message, field, got, expected } = facts;
  const what = message === undefined ? subject : `${subject} ${message}`;
  return new PalmTreeError(
    `${subject}-malformed`,
    `${what}: ${field}: got ${got}, expected ${expected}`,
    { fault: "remote", facts: { ...facts } },
  );
}
