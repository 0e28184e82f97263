import type { ToolName } from "../peers/tool.js";
import { gibibyte, mebibyte } from "../units.js";
import type { ShapedPromise, ShapedScenario } from "./scenario.js";

const mbit = 1_000_000;

/** Every process stays below this. */
const memory: readonly ShapedPromise[] = (["root-memory", "receiver-memory"] as const).map(
  (metric) => ({ metric, atMost: 150, judged: "every-run" }),
);

/** Where all links are alike: the root uploads one copy, and nothing travels twice. */
const economy: readonly ShapedPromise[] = [
  { metric: "root-egress", atMost: 1.15, judged: "median" },
  { metric: "duplicates", atMost: 1, judged: "median" },
];

function ratio(atMost: number): ShapedPromise {
  return { metric: "ratio", atMost, judged: "median" };
}

function versus(metric: "seconds" | "cpu-time", tool: ToolName, atMost: number): ShapedPromise {
  return { metric, atMost, versus: tool, judged: "median" };
}

/** What moves bytes as fast as the machine is compared with what encrypts nothing either. */
function openVersus(...comparison: Parameters<typeof versus>): ShapedPromise {
  return { ...versus(...comparison), by: "palmtree-open" };
}

const peers: readonly ToolName[] = ["palmtree", "chain", "libtorrent", "uftp"];

/** What most scenarios are: 64 MiB, nothing goes wrong. */
const common = {
  sizeBytes: 64 * mebibyte,
  faults: {},
  tools: peers,
  timeoutMs: 90_000,
  isDefault: true,
} as const;

/** The benchmarks of the lab, in the order in which they run. */
export const shapedScenarios: readonly ShapedScenario[] = [
  {
    ...common,
    name: "eight-at-50",
    about: "64 MiB to 8 receivers, links of 50 Mbit/s",
    receiverCount: 8,
    bitsPerSecond: 50 * mbit,
    promises: [ratio(1.1), ...economy, ...memory],
  },
  {
    ...common,
    name: "sixteen-at-25",
    about: "64 MiB to 16 receivers, links of 25 Mbit/s",
    receiverCount: 16,
    bitsPerSecond: 25 * mbit,
    promises: [ratio(1.1), ...economy, ...memory],
  },
  {
    ...common,
    name: "thirty-one-at-20",
    about: "64 MiB to 31 receivers, links of 20 Mbit/s",
    receiverCount: 31,
    bitsPerSecond: 20 * mbit,
    promises: [ratio(1.12), ...economy, ...memory],
    timeoutMs: 150_000,
  },
  {
    ...common,
    name: "eight-at-100",
    about: "64 MiB to 8 receivers, links of 100 Mbit/s",
    receiverCount: 8,
    bitsPerSecond: 100 * mbit,
    tools: [...peers, "palmtree-open", "star"],
    promises: [ratio(1.13), ...economy, ...memory],
  },
  {
    ...common,
    name: "encrypted",
    about:
      "64 MiB to 3 receivers, links of 100 Mbit/s: what encryption costs where links are the limit",
    receiverCount: 3,
    bitsPerSecond: 100 * mbit,
    tools: ["palmtree", "palmtree-open"],
    promises: [versus("seconds", "palmtree-open", 1.05), ...memory],
  },
  {
    ...common,
    name: "flooded",
    about: "64 MiB to 2 receivers, links of 100 Mbit/s, both flooded by a stranger",
    receiverCount: 2,
    bitsPerSecond: 100 * mbit,
    faults: { flood: { hosts: [1, 2], datagramsPerSecond: 5_000, connectionsPerSecond: 200 } },
    tools: ["palmtree", "palmtree-calm"],
    promises: [versus("seconds", "palmtree-calm", 1.1), ...memory],
  },
  {
    ...common,
    name: "one-slow",
    about: "64 MiB to 8 receivers, links of 50 Mbit/s, the fourth's of 5; the other 7 count",
    receiverCount: 8,
    bitsPerSecond: 50 * mbit,
    faults: { slow: { host: 4, bitsPerSecond: 5 * mbit } },
    promises: [ratio(1.25), ...memory],
    timeoutMs: 180_000,
  },
  {
    ...common,
    name: "one-cut-off",
    about:
      "64 MiB to 8 receivers, links of 50 Mbit/s, the first cut off at 40 %; the other 7 count",
    receiverCount: 8,
    bitsPerSecond: 50 * mbit,
    faults: { cutOff: { host: 1, atShare: 0.4 } },
    tools: ["palmtree", "chain", "libtorrent"],
    promises: [ratio(1.25), ...memory],
  },
  {
    ...common,
    name: "two-late",
    about: "64 MiB to 8 receivers, links of 50 Mbit/s, two more join at 50 %; the first 8 count",
    receiverCount: 8,
    bitsPerSecond: 50 * mbit,
    faults: { join: { count: 2, atShare: 0.5 } },
    tools: ["palmtree"],
    promises: [ratio(1.15), ...memory],
  },
  {
    ...common,
    name: "eight-unshaped",
    about: "256 MiB to 8 receivers, links as fast as the machine",
    sizeBytes: 256 * mebibyte,
    receiverCount: 8,
    bitsPerSecond: undefined,
    tools: ["palmtree", "palmtree-open", "chain", "libtorrent", "star"],
    promises: [
      openVersus("seconds", "libtorrent", 0.6),
      openVersus("cpu-time", "libtorrent", 0.6),
      ...memory,
    ],
  },
  {
    ...common,
    name: "one-unshaped",
    about: "1 GiB to 1 receiver, a link as fast as the machine",
    sizeBytes: gibibyte,
    receiverCount: 1,
    bitsPerSecond: undefined,
    tools: ["palmtree", "palmtree-open", "star", "libtorrent"],
    promises: [openVersus("seconds", "star", 1.5), ...memory],
  },
  {
    ...common,
    name: "one-at-50",
    about:
      "64 MiB to 1 receiver, links of 50 Mbit/s: a chain of one shows how well links are shaped",
    receiverCount: 1,
    bitsPerSecond: 50 * mbit,
    tools: ["palmtree", "chain"],
    promises: [...economy, ...memory],
    isDefault: false,
  },
  {
    ...common,
    name: "shaped-smoke",
    about: "1 MiB to 2 receivers, links of 50 Mbit/s: whether the lab itself works",
    sizeBytes: mebibyte,
    receiverCount: 2,
    bitsPerSecond: 50 * mbit,
    tools: ["palmtree"],
    promises: [],
    timeoutMs: 30_000,
    isDefault: false,
  },
];
