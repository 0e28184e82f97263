import { Random } from "../core/random.js";
import type { NetworkConditions } from "./network.js";
import type { Crash, Scenario } from "./simulation.js";

/**
 * Draws a swarm from a seed: how many peers, what kind of tree, how much content, what network, and
 * who dies when. Whole classes of faults are left out at random, so that each is also met alone.
 *
 * - 2 to 64 peers; fanout 2 to 6, or 1 for at most 8 peers over a network without loss.
 * - Up to 250 chunks of 16 to 64 bytes, or none.
 * - Loss up to 0.15, reordering and duplication up to 0.1, corruption up to 0.002, latencies up to
 *   50 ms, uplinks from 20 bytes per millisecond to unlimited, disks up to 20 ms for a chunk.
 * - Up to a quarter of the receivers are killed or vanish; never the root.
 *
 * @example
 * ```ts
 * import { randomScenario, simulate } from "@palmtree/relay/sim";
 * console.log(simulate(randomScenario(42)));
 * ```
 */
export function randomScenario(seed: number): Scenario {
  const random = new Random(seed);
  const peerCount = 2 + random.below(63);
  const isChain = peerCount <= 8 && random.next() < 0.5;
  const network = drawNetwork(random);
  return {
    seed,
    peerCount,
    fanout: isChain ? 1 : 2 + random.below(5),
    chunkCount: random.next() < 0.05 ? 0 : random.below(250),
    chunkSizeBytes: 16 + random.below(49),
    timeoutMs: 40_000 + random.below(20_000),
    network: isChain ? { ...network, loss: 0 } : network,
    // Long enough for everybody to be reached, so that every survivor has to be complete.
    peerOptions: { maxWaitMs: 20_000, neighboursTimeoutMs: 20_000 },
    mostDiskMs: sometimes(random, 0.7, () => random.next() * 20),
    crashes: drawCrashes(random, peerCount),
  };
}

function drawNetwork(random: Random): NetworkConditions {
  const leastLatencyMs = random.next() * 2;
  return {
    leastLatencyMs,
    mostLatencyMs: leastLatencyMs + random.next() ** 2 * 48,
    loss: sometimes(random, 0.6, () => random.next() * 0.15),
    duplication: sometimes(random, 0.5, () => random.next() * 0.1),
    reordering: sometimes(random, 0.5, () => random.next() * 0.1),
    corruption: sometimes(random, 0.3, () => random.next() * 0.002),
    uplinkBytesPerMs: random.next() < 0.3 ? Number.POSITIVE_INFINITY : 20 + random.next() * 180,
  };
}

/** Different receivers, at any time from the first invitation to beyond an undisturbed end. */
function drawCrashes(random: Random, peerCount: number): Crash[] {
  if (random.next() < 0.4) return [];
  const receivers = Array.from({ length: peerCount - 1 }, (_, place) => place + 1);
  const count = random.below(1 + Math.floor(receivers.length / 4));
  return random.sample(receivers, count).map((host) => ({
    host,
    atMs: random.next() ** 2 * 8_000,
    how: random.next() < 0.5 ? ("kill" as const) : ("vanish" as const),
  }));
}

/** What `draw` draws, with that probability, else 0. */
function sometimes(random: Random, probability: number, draw: () => number): number {
  return random.next() < probability ? draw() : 0;
}
