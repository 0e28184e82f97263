import { type ErrorCode, isPalmTreeError } from "../../src/error.js";
import { promise } from "./target.js";

/** Longer than this no message about a peer's bytes has to be. */
const mostMessageLength = 1_024;

const control = /[\p{Control}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/**
 * Checks that something was refused as documented: with that code, as the other side's fault where
 * that is asked for, and with a message that may be printed.
 *
 * @throws whatever was thrown, if it is anything else
 */
export function checkRefusal(error: unknown, code: ErrorCode, fault?: "remote"): void {
  if (!isPalmTreeError(error) || error.code !== code) throw error;
  promise(fault === undefined || error.fault === fault, () => `fault ${error.fault}`);
  checkPrintable(error.message);
}

/** Checks that a text for people is one line of a length that people read. */
export function checkPrintable(text: string, mostLength: number = mostMessageLength): void {
  promise(text.length <= mostLength, () => `a message of ${text.length} characters`);
  promise(!control.test(text), () => `not printable: ${JSON.stringify(text)}`);
}
