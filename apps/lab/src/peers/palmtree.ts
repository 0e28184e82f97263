import { setTimeout as pause } from "node:timers/promises";
import { type Palmtree, receiveArguments, sendArguments } from "../processes/palmtree.js";
import type { WatchedProcess } from "../processes/watched-process.js";
import type { ShapedMeasurement } from "../shaped/metrics.js";
import type { Stage, Station, Tool, ToolName } from "./tool.js";

/** Its own: nothing else runs on the hosts of a lab. */
const port = 4747;

/** What Palm Tree is measured with. */
export interface PalmtreeOptions {
  readonly name: Extract<ToolName, `palmtree${string}`>;
  readonly palmtree: Palmtree;
  /** Beside paths and receivers. */
  readonly sendArguments: readonly string[];
}

const about = {
  palmtree: "this project; authenticated and encrypted, SHA-256 of every chunk and of the whole",
  "palmtree-open": "the same with --insecure: neither authenticated nor encrypted",
  "palmtree-calm": "the same where nothing goes wrong",
};

/** The built command, as users start it. The receivers run before the clock starts. */
export function palmtreeTool(options: PalmtreeOptions): Tool {
  const { name, palmtree } = options;
  return {
    name,
    about: about[name],
    requirements: [],
    isSpared: name === "palmtree-calm",

    async start(stage) {
      const { root, receivers, source } = stage;
      const processes = receivers.map((station) => receive(stage, palmtree, station));
      await Promise.all(processes.map((process) => process.first("listening")));
      await pause(settleMs);
      const order = {
        path: source.path,
        addresses: receivers.map(addressOf),
        sendArguments: ["--listen", addressOf(root), ...options.sendArguments],
      };
      const sender = stage.start(root, process.execPath, sendArguments(palmtree, order));
      return {
        startedAtMs: sender.startedAtMs,
        completions: processes.map(landed),
        ended: ended(stage, sender, processes),
        join: (station) => landed(receive(stage, palmtree, station, ["--join", addressOf(root)])),
      };
    },
  };
}

/** Receivers wait for most of their life: they are there for long enough to have rehearsed. */
const settleMs = 3_000;

function receive(
  stage: Stage,
  palmtree: Palmtree,
  station: Station,
  more: readonly string[] = [],
): WatchedProcess {
  const { name, directory } = station;
  const order = { name, listen: addressOf(station), directory, more };
  return stage.start(station, process.execPath, receiveArguments(palmtree, order));
}

/** When everything stood under its final name, verified. */
async function landed(receiver: WatchedProcess): Promise<number> {
  return (await receiver.first("landed")).atMs;
}

function addressOf({ host }: Station): string {
  return `${host.address}:${port}`;
}

/** Waits until `send` has ended; some of its peers may have failed, where hosts were cut off. */
async function ended(
  { source }: Stage,
  sender: WatchedProcess,
  receivers: readonly WatchedProcess[],
): Promise<ShapedMeasurement> {
  const { code, atMs } = await sender.exited;
  if (code !== 0 && code !== someFailed) await sender.success();
  const complete = receivers.filter((receiver) => receiver.printed("landed").length > 0);
  await Promise.all(complete.map(({ exited }) => exited));
  const results = receivers.flatMap((receiver) => receiver.printed("result"));
  return {
    "command-time": (atMs - sender.startedAtMs) / 1_000,
    ...duplicatesOf(
      results.map(({ value }) => value.duplicateBytes),
      source.bytes,
    ),
  };
}

/** The exit code of `send` when some peers are complete and some are not. */
const someFailed = 3;

/** Nothing where the command does not say. */
function duplicatesOf(counts: readonly unknown[], sourceBytes: number): ShapedMeasurement {
  const known = counts.filter((count) => typeof count === "number");
  if (known.length === 0) return {};
  const duplicateBytes = known.reduce((sum, count) => sum + count, 0);
  return { duplicates: (100 * duplicateBytes) / (known.length * sourceBytes) };
}
