import { mebibyte } from "../../units.js";
import { type ChaosScenario, strategies } from "../scenario.js";

/** What most scenarios are: eight receivers, and a transfer of about eleven seconds. */
export const defaults: Omit<ChaosScenario, "name" | "about" | "play"> = {
  strategies,
  receiverCount: 8,
  sizeBytes: 64 * mebibyte,
  bitsPerSecond: 50_000_000,
  sendArguments: [],
  isDefault: true,
  timeoutMs: 120_000,
};

/** For those in which somebody does not come back: how long the sender waits for that. */
export const shortTimeout: readonly string[] = ["--timeout", "6"];
