import { mebibyte } from "../../units.js";
import { strategies } from "../scenario.js";

/** What most scenarios are: eight receivers, and a transfer of about eleven seconds. */
export const common = {
  strategies,
  receiverCount: 8,
  sizeBytes: 64 * mebibyte,
  bitsPerSecond: 50_000_000,
  sendArguments: [],
  timeoutMs: 120_000,
} as const;

/** For those in which somebody does not come back: how long the sender waits for that. */
export const shortTimeout = ["--timeout", "6"] as const;

/** How long the sender waits by default for one that stands still. */
export const defaultTimeoutSeconds = 30;
