import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Measurement } from "./metrics.js";
import { type PlainCopy, plainCopyArguments } from "./plain-copy.js";
import { Roster } from "./processes/roster.js";
import type { Baseline } from "./scenario.js";
import type { Source } from "./source.js";
import { megabyte } from "./units.js";

/** Where and how a baseline runs. */
export interface BaselineOptions {
  /** Made for it, and removed. */
  readonly directory: string;
  /** The lab's own program, which can be one end of a plain copy. */
  readonly labFile: string;
  /** Copies over TCP that are made at the same time. */
  readonly copies: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Measures a baseline once.
 *
 * @throws Error when a process fails, or the signal's reason
 */
export async function measureBaseline(
  baseline: Baseline,
  source: Source,
  options: BaselineOptions,
): Promise<Measurement> {
  const { directory } = options;
  await mkdir(directory, { recursive: true });
  try {
    return baseline === "cp" ? await copy(source, options) : await copyByTcp(source, options);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function copy(source: Source, options: BaselineOptions): Promise<Measurement> {
  if (process.platform === "win32") return {}; // it has no such program
  const { directory, timeoutMs, signal } = options;
  await using roster = new Roster(signal);
  const args = ["-R", source.path, join(directory, "copy")];
  const copying = roster.start("cp", args, { name: "cp", timeoutMs });
  const { atMs } = await copying.success();
  const seconds = (atMs - copying.startedAtMs) / 1_000;
  if (source.files > 1) return { "cp-file-rate": source.files / seconds };
  return { "cp-rate": source.bytes / megabyte / seconds };
}

/** All copies at once, each from a process of its own to another one; the last counts. */
async function copyByTcp(source: Source, options: BaselineOptions): Promise<Measurement> {
  const { directory, labFile, copies, timeoutMs, signal } = options;
  await using roster = new Roster(signal);
  const start = (copy: PlainCopy) => {
    const args = [labFile, ...plainCopyArguments(copy)];
    return roster.start(process.execPath, args, { name: `plain copy, ${copy.type}`, timeoutMs });
  };
  const receivers = Array.from({ length: copies }, (_, place) =>
    start({ type: "receive", file: join(directory, `copy-${place}`) }),
  );
  const listening = await Promise.all(receivers.map((receiver) => receiver.first("listening")));
  const senders = listening.map(({ value }) =>
    start({ type: "send", file: source.path, port: Number(value.port) }),
  );
  const exits = await Promise.all(senders.map((sender) => sender.success()));
  await Promise.all(receivers.map((receiver) => receiver.success()));
  const startedAtMs = Math.min(...senders.map((sender) => sender.startedAtMs));
  const seconds = (Math.max(...exits.map(({ atMs }) => atMs)) - startedAtMs) / 1_000;
  return { "plain-tcp-rate": source.bytes / megabyte / seconds };
}
