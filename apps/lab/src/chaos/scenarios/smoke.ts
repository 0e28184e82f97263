import { mebibyte } from "../../units.js";
import { exits, judgeReceived, judgeSender, judgeWhole } from "../endings.js";
import type { ChaosScenario } from "../scenario.js";
import { defaults } from "./defaults.js";

/** A little of everything, in a few seconds: for the tests. */
export const smoke: ChaosScenario = {
  ...defaults,
  name: "smoke",
  about: "16 MiB to 4 receivers: one killed and started again, one cut off for 2 s",
  receiverCount: 4,
  sizeBytes: 16 * mebibyte,
  isDefault: false,
  async play(swarm, judge) {
    const [killed, silent] = [swarm.host(1), swarm.host(3)];
    await swarm.begin();
    await swarm.at(0.3);
    await killed.kill();
    const seconds = await swarm.noticedSeconds(killed.host, swarm.others(killed), 10);
    judge.atMost("a killed process is noticed by all after, s", seconds, mostNoticeSeconds);
    await swarm.network.cutOff(silent.host);
    await killed.receive();
    await swarm.pauseMs(2_000);
    await swarm.network.connect(silent.host);
    await judgeSender(swarm, judge, exits.complete);
    await judgeWhole(swarm, judge, swarm.hosts);
    await judgeReceived(swarm, judge, [killed], mostCopies);
  },
};

/** TCP tells at once; the rest is what a busy machine takes. */
const mostNoticeSeconds = 1.5;

/**
 * What a busy disk has not taken yet is lost with the process: 16 MiB at most, so perhaps all that it
 * has by then, a good third of this file. Of larger files that is less.
 */
const mostCopies = 1.5;
