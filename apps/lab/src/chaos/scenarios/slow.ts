import type { ChaosHost } from "../chaos-host.js";
import { exits, judgeSender, judgeWhole } from "../endings.js";
import type { ChaosScenario } from "../scenario.js";
import type { Swarm } from "../swarm.js";
import { defaults } from "./defaults.js";

const slowPlaces = [3, 6];
const slowBitsPerSecond = 8_000_000;

/** Copies that the others would need alone, at most: that of the tree's fanout. */
const mostCopies = 2;

/** Over what they would need alone; it takes a few seconds to see who is slow, in a session of twenty. */
const mostShare = 1.75;

/** Two hosts take a sixth of what the others do, and in a tree have children, more often than not. */
const slowHosts: ChaosScenario = {
  ...defaults,
  name: "slow-hosts",
  about: "two hosts with links of 8 Mbit/s: the others do not wait for them",
  slowBitsPerSecond: Object.fromEntries(slowPlaces.map((place) => [place, slowBitsPerSecond])),
  timeoutMs: 300_000,
  async play(swarm, judge) {
    await swarm.begin();
    await swarm.at(1);
    const slow = slowPlaces.map((place) => swarm.host(place));
    const others = swarm.others(...slow);
    judge.tell("others that are linked to a slow one at first", countLinked(others, slow));
    const copySeconds = (8 * swarm.source.bytes) / defaults.bitsPerSecond;
    const mostSeconds = mostCopies * copySeconds * mostShare;
    judge.atMost(
      "until all others had everything, s",
      await secondsUntilLanded(swarm, others),
      mostSeconds,
    );
    await judgeSender(swarm, judge, exits.complete);
    await judgeWhole(swarm, judge, swarm.hosts);
  },
};

function countLinked(others: readonly ChaosHost[], slow: readonly ChaosHost[]): number {
  return others.filter((other) => slow.some(({ host }) => other.isConnectedTo(host))).length;
}

/** From the first second on, plus that second. */
async function secondsUntilLanded(swarm: Swarm, hosts: readonly ChaosHost[]): Promise<number> {
  const startedAtMs = performance.now();
  while (hosts.some(({ landedAtMs }) => landedAtMs === undefined)) await swarm.pauseMs(50);
  return 1 + (performance.now() - startedAtMs) / 1_000;
}

/** Receivers that have less than the others. */
export const slow: readonly ChaosScenario[] = [slowHosts];
