import { type Address, errorSentences } from "@palmtree/wire";
import { type Draw, type FuzzTarget, promise } from "@palmtree/wire/fuzz";
import type { HostileParty } from "../../src/sim/hostile-party.js";
import type { Scenario, SimulationResult } from "../../src/sim/index.js";
import { simulate } from "../../src/sim/index.js";
import { HostileNetwork } from "./hostile-network.js";
import { drawMischief, type Mischief } from "./mischief.js";
import { Watch } from "./watch.js";

/** A session, of whose peers some are hostile. Everything else follows from the seed. */
export interface SwarmInput {
  readonly seed: number;
  readonly scenario: Omit<Scenario, "seed" | "hostile">;
  /** Their places; 0 is the root. */
  readonly hostile: readonly number[];
  readonly mischief: Mischief;
  /** Kept because somebody did not get everything: every honest peer has to. */
  readonly mustBeWhole?: true;
}

/** A session's time-out here: short, since what a hostile peer holds up ends by it. */
const timeoutMs = 10_000;

/** Whole sessions. */
export const swarmTarget: FuzzTarget<SwarmInput> = {
  name: "swarm",
  promise:
    "whatever hostile members say at whatever time, no machine throws, grows or says what cannot be sent; the session ends, and nobody lands a wrong byte or is said to have what it has not",
  mostMs: 20_000,
  draw: drawSwarm,
  check: (input) => {
    const watch = new Watch(input.hostile.map(addressOf));
    const result = simulate(scenarioOf(input, watch));
    checkResult(input, result, watch);
    const areWhole = isWhole(input, result);
    promise(areWhole || input.mustBeWhole !== true, "an honest peer has not got everything");
    return areWhole ? "accepted" : "refused";
  },
  write: (input) => JSON.parse(JSON.stringify(input)),
  read: (kept) => kept as unknown as SwarmInput,
};

export function addressOf(place: number): Address {
  return `10.0.0.${place}:4747`;
}

/** The scenario of an input, as it is watched. */
export function scenarioOf(
  { seed, scenario, hostile, mischief }: SwarmInput,
  watch: Watch,
): Scenario {
  const addresses = hostile.map(addressOf);
  const party: HostileParty = {
    has: (address) => addresses.includes(address),
    makeNetwork: (timeline, random, conditions) => {
      watch.clock = () => timeline.now;
      return new HostileNetwork(timeline, random, {
        conditions,
        plot: { seed, addresses, mischief },
      });
    },
    watch: (host, event, effects) => watch.note(host, event, effects),
  };
  // Long enough for every time-out that a hostile peer can make somebody wait for.
  const mostMs = mischief.untilMs + 20 * timeoutMs;
  return { ...scenario, seed, timeoutMs, mostMs, hostile: party };
}

function drawSwarm(draw: Draw): SwarmInput {
  const peerCount = 3 + draw.below(draw.chance(0.8) ? 8 : 30);
  const places = Array.from({ length: peerCount - 1 }, (_, at) => at + 1);
  const count = draw.chance(0.7) ? 1 : 1 + draw.below(Math.ceil(peerCount / 3));
  const hostile = new Set(Array.from({ length: count }, () => draw.pick(places)));
  const isRootHostile = draw.chance(0.08);
  const links = draw.chance(0.3) ? { uplinkBytesPerSecond: 30_000 + draw.below(200_000) } : {};
  return {
    seed: draw.uint32(),
    scenario: {
      peerCount,
      strategy: draw.pick(["tree", "pipeline"]),
      fanout: 1 + draw.below(4),
      chunkCount: draw.chance(0.05) ? 0 : 1 + draw.below(draw.chance(0.8) ? 60 : 1_500),
      chunkSizeBytes: 16 + draw.below(64),
      network: draw.chance(0.3) ? { loss: 0.05, reordering: 0.05, duplication: 0.05 } : {},
      links,
    },
    hostile: isRootHostile ? [0] : [...hostile],
    mischief: drawMischief(draw),
  };
}

function checkResult({ hostile }: SwarmInput, result: SimulationResult, watch: Watch): void {
  watch.checkEnds();
  if (hostile.includes(0)) return;
  const addresses = hostile.map(addressOf);
  for (const { address, status, error } of result.results) {
    if (addresses.includes(address)) continue;
    const place = Number(address.split(".")[3]?.split(":")[0]);
    const isWhole = result.finishedMs[place] !== undefined;
    promise(status === "failed" || isWhole, () => `${address} is said to be complete, and is not`);
    promise(
      status === "complete" || Object.hasOwn(errorSentences, error?.code ?? ""),
      () => `${address} is said to have failed with the code ${error?.code}`,
    );
  }
}

/** Whether every honest receiver has everything, and is said to. */
function isWhole({ hostile }: SwarmInput, { finishedMs, results }: SimulationResult): boolean {
  const complete = new Set(
    results.filter(({ status }) => status === "complete").map(({ address }) => address),
  );
  return finishedMs.every(
    (atMs, place) =>
      place === 0 ||
      hostile.includes(place) ||
      (atMs !== undefined && complete.has(addressOf(place))),
  );
}
