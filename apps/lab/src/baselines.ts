import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Measurement } from "./metrics.js";
import { plainCopyArguments } from "./plain-copy.js";
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

async function copyByTcp(source: Source, options: BaselineOptions): Promise<Measurement> {
  const { directory, labFile, timeoutMs, signal } = options;
  await using roster = new Roster(signal);
  const start = (type: string, args: readonly string[]) =>
    roster.start(process.execPath, [labFile, ...args], { name: `plain copy, ${type}`, timeoutMs });
  const to = { type: "receive", file: join(directory, "copy") } as const;
  const receiver = start(to.type, plainCopyArguments(to));
  const { value } = await receiver.first("listening");
  const from = { type: "send", file: source.path, port: Number(value.port) } as const;
  const sender = start(from.type, plainCopyArguments(from));
  const { atMs } = await sender.success();
  await receiver.success();
  const seconds = (atMs - sender.startedAtMs) / 1_000;
  return { "plain-tcp-rate": source.bytes / megabyte / seconds };
}
