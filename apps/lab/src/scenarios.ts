import type { Promised } from "./promised.js";
import type { Scenario } from "./scenario.js";
import { gibibyte, mebibyte } from "./units.js";

/** Every process stays below this, whatever is sent. */
const memoryLimitMiB = 200;

const ofMemory: readonly Promised[] = (["sender-memory", "receiver-memory"] as const).map(
  (metric) => ({ metric, comparison: "below", limit: memoryLimitMiB, judged: "every-run" }),
);

/** No process grows by more for what strangers say. */
const growthLimitMiB = 20;

const ofGrowth: readonly Promised[] = (
  ["idle-growth", "sender-growth", "receiver-growth"] as const
).map((metric) => ({ metric, comparison: "below", limit: growthLimitMiB, judged: "every-run" }));

function ofRate(limit: number): Promised {
  return { metric: "slowest-receiver-rate", comparison: "at-least", limit, judged: "median" };
}

function ofCopies(limit: number): Promised {
  return { metric: "intact-copies", comparison: "at-least", limit, judged: "every-run" };
}

/** The benchmarks, in the order in which they run. */
export const scenarios: readonly Scenario[] = [
  {
    name: "one-receiver",
    about: "1 GiB to 1 receiver",
    source: { type: "file", sizeBytes: gibibyte, isSparse: false },
    receiverCount: 1,
    sendArguments: [],
    baselines: ["cp", "plain-tcp"],
    promises: [ofRate(300), ofCopies(1)],
    timeoutMs: 120_000,
    isDefault: true,
  },
  {
    name: "tree-six",
    about: "256 MiB to 6 receivers through a tree of fanout 2",
    source: { type: "file", sizeBytes: 256 * mebibyte, isSparse: false },
    receiverCount: 6,
    sendArguments: ["--strategy", "tree", "--fanout", "2"],
    baselines: ["cp", "plain-tcp"],
    promises: [ofRate(100), ofCopies(6)],
    timeoutMs: 120_000,
    isDefault: true,
  },
  {
    name: "thirty-two",
    about: "64 MiB to 32 receivers",
    source: { type: "file", sizeBytes: 64 * mebibyte, isSparse: false },
    receiverCount: 32,
    sendArguments: [],
    baselines: [],
    promises: [ofCopies(32)],
    timeoutMs: 180_000,
    isDefault: true,
  },
  {
    name: "memory-4gib",
    about: "a sparse file of 4 GiB to 1 receiver",
    source: { type: "file", sizeBytes: 4 * gibibyte, isSparse: true },
    receiverCount: 1,
    sendArguments: [],
    baselines: [],
    promises: [...ofMemory, ofCopies(1)],
    timeoutMs: 300_000,
    isDefault: true,
  },
  {
    name: "memory-100k-files",
    about: "100,000 files of up to 2 KiB to 1 receiver",
    source: { type: "files", fileCount: 100_000, fileSizeBytesMax: 2_048 },
    receiverCount: 1,
    sendArguments: [],
    baselines: ["cp"],
    promises: [...ofMemory, ofCopies(1)],
    timeoutMs: 300_000,
    isDefault: true,
  },
  {
    name: "memory-flooded",
    about: "512 MiB to 1 receiver, under 100,000 junk datagrams a second",
    source: { type: "file", sizeBytes: 512 * mebibyte, isSparse: true },
    receiverCount: 1,
    sendArguments: [],
    baselines: [],
    flooding: { datagramsPerSecond: 100_000, strangerCount: 2, idleMs: 20_000 },
    promises: [...ofGrowth, ofCopies(1)],
    timeoutMs: 180_000,
    isDefault: true,
  },
  {
    name: "smoke",
    about: "4 MiB to 2 receivers: whether the benchmarks themselves work",
    source: { type: "file", sizeBytes: 4 * mebibyte, isSparse: false },
    receiverCount: 2,
    sendArguments: [],
    baselines: ["cp", "plain-tcp"],
    promises: [ofCopies(2)],
    timeoutMs: 30_000,
    isDefault: false,
  },
];
