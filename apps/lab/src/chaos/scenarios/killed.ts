import type { ChaosHost } from "../chaos-host.js";
import { exits, judgePauses, judgeReceived, judgeSender, judgeWhole } from "../endings.js";
import type { ChaosScenario } from "../scenario.js";
import type { Swarm } from "../swarm.js";
import { defaults, shortTimeout } from "./defaults.js";

/** A relay that is killed each second, and started again two seconds later. */
const victimCount = 5;
const restartAfterMs = 2_000;

/** A neighbour that is killed or silent must be noticed in this time. */
export const mostNoticeSeconds = 2;

/** Receivers that are killed. */
export const killed: readonly ChaosScenario[] = [
  {
    ...defaults,
    name: "relay-killed-each-second",
    about: "one relay killed each second for 5 s, each started again 2 s later",
    async play(swarm, judge) {
      await swarm.begin();
      const begunAtMs = performance.now();
      const victims = swarm.hosts.slice(0, victimCount);
      await Promise.all(
        victims.map(async (host, at) => {
          await swarm.at(1 + at);
          await killAndRestart(swarm, host);
        }),
      );
      await judgeSender(swarm, judge, exits.complete);
      await judgeWhole(swarm, judge, swarm.hosts);
      await judgeReceived(swarm, judge, victims);
      judgePauses(judge, swarm.others(...victims), begunAtMs);
    },
  },
  {
    ...defaults,
    name: "relay-killed",
    about: "one relay killed, for good",
    sendArguments: shortTimeout,
    async play(swarm, judge) {
      await swarm.begin();
      await swarm.at(3);
      const victim = swarm.host(2);
      const survivors = swarm.others(victim);
      await victim.kill();
      const killedAtMs = performance.now();
      const seconds = await swarm.noticedSeconds(victim.host, survivors, 10);
      judge.atMost("noticed by all after, s", seconds, mostNoticeSeconds);
      await judgeSender(swarm, judge, exits.partial);
      await judgeWhole(swarm, judge, survivors);
      judgePauses(judge, survivors, killedAtMs);
    },
  },
];

async function killAndRestart(swarm: Swarm, host: ChaosHost): Promise<void> {
  await host.kill();
  await swarm.pauseMs(restartAfterMs);
  await host.receive();
}
