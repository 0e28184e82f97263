import type { PlanKind } from "@palmtree/topology";
import { Random } from "../core/random.js";
import type { LinkRates, NetworkConditions } from "./network/conditions.js";
import type { Crash, Scenario, ScenarioEvent, StreamPauses } from "./scenario.js";

/**
 * Draws a swarm from a seed: how many peers, what kind of tree, how much content, what network, and
 * who dies when. Whole classes of faults are left out at random, so that each is also met alone.
 *
 * - 2 to 64 peers; fanout 2 to 6, or 1 for at most 8 peers over a network without loss.
 * - Strategy tree, or pipeline with any plan. A fifth sends a stream, whose source may pause.
 * - Up to 250 chunks of 16 to 64 bytes, or none.
 * - Loss up to 0.15, reordering and duplication up to 0.1, corruption up to 0.002, latencies up to
 *   50 ms, disks up to 20 ms for a chunk.
 * - Links from 20,000 bytes per second to unlimited, downlinks up to twice as slow as uplinks; at
 *   times up to a quarter of the receivers become up to ten times slower on the way, but never
 *   slower than 10,000 bytes per second: what a peer says beside chunks, some 2,000, has to fit.
 * - At times half of the receivers find chunks on their disks, of which some are torn.
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
  const links = drawLinks(random);
  const scenario: Scenario = {
    seed,
    peerCount,
    fanout: isChain ? 1 : 2 + random.below(5),
    chunkCount: random.next() < 0.05 ? 0 : random.below(250),
    chunkSizeBytes: 16 + random.below(49),
    timeoutMs: 40_000 + random.below(20_000),
    network: isChain ? { ...network, loss: 0 } : network,
    links,
    // Long enough for everybody to be reached, so that every survivor has to be complete.
    peerOptions: { maxWaitMs: 20_000, neighboursTimeoutMs: 20_000 },
    mostDiskMs: sometimes(random, 0.7, () => random.next() * 20),
    crashes: drawCrashes(random, peerCount),
    events: drawSlowdowns(random, peerCount, links),
  };
  const stream = drawStream(random, scenario.chunkCount ?? 0);
  const drawn = { ...scenario, ...drawStrategy(random), ...drawLeftovers(random) };
  return stream === undefined ? drawn : { ...drawn, stream };
}

/** The pauses of a source whose length nobody is told, some of them longer than the time-out. */
function drawStream(random: Random, chunkCount: number): StreamPauses | undefined {
  if (random.next() < 0.8) return undefined;
  const pauses = new Map<number, number>();
  for (let count = random.below(4); count > 0; count -= 1)
    pauses.set(random.below(chunkCount + 1), random.next() ** 2 * 60_000);
  return pauses;
}

const leastBytesPerSecond = 10_000;

function drawStrategy(random: Random): Pick<Scenario, "strategy" | "planKind"> {
  if (random.next() < 0.5) return { strategy: "tree" };
  const planKind = random.sample<PlanKind | undefined>(
    [undefined, "chain", "double-tree", "binomial", "k-ary"],
    1,
  )[0];
  return planKind === undefined ? { strategy: "pipeline" } : { strategy: "pipeline", planKind };
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
    // From less than one chunk to more than all of them.
    sendBufferBytes: 2 ** (4 + random.below(14)),
    receiveBufferBytes: 2 ** (4 + random.below(14)),
  };
}

function drawLinks(random: Random): LinkRates {
  if (random.next() < 0.3) return {};
  const uplinkBytesPerSecond = 20_000 + random.next() * 180_000;
  if (random.next() < 0.5) return { uplinkBytesPerSecond };
  return {
    uplinkBytesPerSecond,
    downlinkBytesPerSecond: uplinkBytesPerSecond / (0.5 + 1.5 * random.next()),
  };
}

/** Different receivers, at any time from the first invitation to beyond an undisturbed end. */
function drawCrashes(random: Random, peerCount: number): Crash[] {
  if (random.next() < 0.4) return [];
  return drawReceivers(random, peerCount).map((host) => ({
    host,
    atMs: random.next() ** 2 * 8_000,
    how: random.next() < 0.5 ? ("kill" as const) : ("vanish" as const),
  }));
}

/** Receivers that become slower, where links have a rate at all. */
function drawSlowdowns(random: Random, peerCount: number, links: LinkRates): ScenarioEvent[] {
  const { uplinkBytesPerSecond } = links;
  if (uplinkBytesPerSecond === undefined || random.next() < 0.5) return [];
  return drawReceivers(random, peerCount).map((host) => {
    const slower = uplinkBytesPerSecond / (1 + 9 * random.next());
    const slowerBytesPerSecond = Math.max(leastBytesPerSecond, slower);
    return {
      type: "set-rate",
      atMs: random.next() ** 2 * 8_000,
      host,
      uplinkBytesPerSecond: slowerBytesPerSecond,
      ...(random.next() < 0.5 ? {} : { downlinkBytesPerSecond: slowerBytesPerSecond }),
    };
  });
}

/** Up to a quarter of the receivers, each once. */
function drawReceivers(random: Random, peerCount: number): number[] {
  const receivers = Array.from({ length: peerCount - 1 }, (_, place) => place + 1);
  return random.sample(receivers, random.below(1 + Math.floor(receivers.length / 4)));
}

/** Every second host has about three quarters of the chunks, of which every sixth is torn. */
function drawLeftovers(random: Random): Pick<Scenario, "leftovers"> {
  if (random.next() < 0.7) return {};
  const salt = random.below(2 ** 31);
  return {
    leftovers: (host, chunk) => {
      if ((host + salt) % 2 === 0) return undefined;
      const draw = Math.imul(salt ^ (host * 65_537 + chunk), 0x9e3779b1) >>> 24;
      if (draw < 32) return "torn";
      return draw < 192 ? "intact" : undefined;
    },
  };
}

/** What `draw` draws, with that probability, else 0. */
function sometimes(random: Random, probability: number, draw: () => number): number {
  return random.next() < probability ? draw() : 0;
}
