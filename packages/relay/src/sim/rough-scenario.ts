import { Random } from "../core/random.js";
import { randomScenario } from "./random-scenario.js";
import type { DiskFault, Latecomer, Partition, Restart, Scenario } from "./scenario.js";

/** Sets these draws apart from those of `randomScenario`, which stay as they are for every seed. */
const salt = 0x5eed_0001;

/**
 * Draws a swarm as {@link randomScenario} does for that seed, and more that may go wrong. Each class is
 * left out of at least half of the swarms, so that each is also met alone.
 *
 * - Up to a third of the receivers come late: they knock, or are added by the user.
 * - Disks of up to a quarter of the receivers refuse to take more, at any time.
 * - Of those that crash some are started anew up to 10 s later, a few torn chunks on their disks.
 * - Up to half of the hosts, the root perhaps among them, are cut off for up to 7 s at any time, or for up
 *   to 16 s once the tree spans, both ways or one way; at times twice.
 *
 * @example
 * ```ts
 * import { roughScenario, simulate } from "@palmtree/relay/sim";
 * console.log(simulate(roughScenario(42)));
 * ```
 */
export function roughScenario(seed: number): Scenario {
  const seeds = new Random(seed ^ salt);
  // A stream of draws for each class: what one draws changes nothing in the others.
  const fork = (): Random => new Random(seeds.below(2 ** 32));
  const scenario = randomScenario(seed);
  return {
    ...scenario,
    ...drawLatecomers(fork(), scenario),
    ...drawDiskFaults(fork(), scenario),
    ...drawRestarts(fork(), scenario),
    ...drawPartitions(fork(), scenario),
  };
}

/** Never all of them: somebody has to be invited. */
function drawLatecomers(random: Random, { peerCount }: Scenario): Pick<Scenario, "latecomers"> {
  if (random.next() < 0.6 || peerCount < 3) return {};
  const late = random.sample(receiversOf(peerCount), 1 + random.below(Math.ceil(peerCount / 3)));
  const latecomers = late.slice(0, peerCount - 2).map((host): Latecomer => {
    const atMs = random.next() ** 2 * 8_000;
    return { host, atMs, how: random.next() < 0.7 ? "knock" : "added" };
  });
  return { latecomers };
}

function drawDiskFaults(
  random: Random,
  { peerCount, chunkCount = 0 }: Scenario,
): Pick<Scenario, "diskFaults"> {
  if (random.next() < 0.7) return {};
  const hosts = random.sample(receiversOf(peerCount), 1 + random.below(Math.ceil(peerCount / 4)));
  const diskFaults = hosts.map((host): DiskFault => {
    const afterWrites = random.below(chunkCount + 1);
    return { host, afterWrites, code: random.next() < 0.5 ? "disk-full" : "store-failed" };
  });
  return { diskFaults };
}

function drawRestarts(random: Random, { crashes = [] }: Scenario): Pick<Scenario, "restarts"> {
  if (random.next() < 0.4 || crashes.length === 0) return {};
  const drawn = random.sample(crashes, 1 + random.below(crashes.length));
  const restarts = drawn.map(({ host, atMs }): Restart => {
    const tornWrites = random.next() < 0.5 ? 0 : random.below(8);
    const how = random.next() < 0.7 ? "wait" : "knock";
    return { host, atMs: atMs + 100 + random.next() ** 2 * 10_000, tornWrites, how };
  });
  return { restarts };
}

/** None is so long that anybody may be given up for it. */
function drawPartitions(
  random: Random,
  { peerCount, timeoutMs = 0 }: Scenario,
): Pick<Scenario, "partitions"> {
  if (random.next() < 0.6) return {};
  const draw = (isEarly: boolean): Partition => ({
    hosts: random.sample([0, ...receiversOf(peerCount)], 1 + random.below(peerCount / 2)),
    way: random.sample(["both", "both", "out", "in"] as const, 1)[0] ?? "both",
    since: isEarly ? "start" : "opening",
    atMs: random.next() ** 2 * (isEarly ? 8_000 : 2_000),
    durationMs: random.next() * (isEarly ? 7_000 : 0.4 * timeoutMs),
  });
  const kinds = random.sample([[true], [false], [true, false]], 1)[0] ?? [];
  return { partitions: kinds.map(draw) };
}

function receiversOf(peerCount: number): number[] {
  return Array.from({ length: peerCount - 1 }, (_, place) => place + 1);
}
