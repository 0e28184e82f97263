import type { WatchedProcess } from "../../processes/watched-process.js";
import { exits, judgePauses, judgeSender, judgeWhole } from "../endings.js";
import type { Judge } from "../judge.js";
import type { ChaosScenario } from "../scenario.js";
import { defaults } from "./defaults.js";
import { errorOf } from "./disks.js";

/** A graceful stop takes no longer than this, and one by a second signal than that. */
const mostStopSeconds = 2;
const mostSecondStopSeconds = 0.5;

function receiverStopped(signal: "SIGINT" | "SIGTERM"): ChaosScenario {
  return {
    ...defaults,
    name: `receiver-${signal.toLowerCase()}`,
    about: `one relay stopped by ${signal}`,
    async play(swarm, judge) {
      const victim = swarm.host(2);
      const survivors = swarm.others(victim);
      await swarm.begin();
      await swarm.at(3);
      const stoppedAtMs = performance.now();
      await judgeStop(judge, victim.receiver, signal);
      judge.exactly("its error", victim.errorCode, "aborted");
      judge.exactly("files under their final names", await victim.names(), []);
      await judgeSender(swarm, judge, exits.partial);
      judge.exactly("what the sender says of it", errorOf(swarm, victim), "aborted");
      await judgeWhole(swarm, judge, survivors);
      judgePauses(judge, survivors, stoppedAtMs);
    },
  };
}

const senderStopped: ChaosScenario = {
  ...defaults,
  name: "sender-sigterm",
  about: "the sender stopped by SIGTERM",
  async play(swarm, judge) {
    await swarm.begin();
    await swarm.at(3);
    const stoppedAtMs = performance.now();
    await judgeStop(judge, swarm.sender, "SIGTERM");
    const ends = new Set<string>();
    let lastMs = 0;
    for (const host of swarm.hosts) {
      const exit = await host.ended(20_000);
      ends.add(`${exit?.code ?? "none"} ${host.errorCode}`);
      lastMs = Math.max(lastMs, (exit?.atMs ?? Number.POSITIVE_INFINITY) - stoppedAtMs);
    }
    judge.exactly("exit codes and errors of the hosts", [...ends].join(", "), "1 left");
    judge.atMost("the last host has ended after, s", lastMs / 1_000, 2 * mostStopSeconds);
  },
};

const stoppedTwice: ChaosScenario = {
  ...defaults,
  name: "stopped-twice",
  about: "a relay and the sender stopped by SIGINT, and again 0.1 s later",
  async play(swarm, judge) {
    await swarm.begin();
    await swarm.at(3);
    for (const [who, process] of [
      ["the relay", swarm.host(2).receiver],
      ["the sender", swarm.sender],
    ] as const) {
      process.signal("SIGINT");
      await swarm.pauseMs(100);
      const againAtMs = performance.now();
      process.signal("SIGINT");
      const exit = await process.exited;
      const seconds = Math.max(0, exit.atMs - againAtMs) / 1_000;
      judge.atMost(`${who} has ended after, s`, seconds, mostSecondStopSeconds);
      judge.exactly(`the exit code of ${who}`, exit.code, exits.failed);
    }
  },
};

async function judgeStop(
  judge: Judge,
  process: WatchedProcess,
  signal: NodeJS.Signals,
): Promise<void> {
  const atMs = performance.now();
  process.signal(signal);
  const exit = await process.exited;
  judge.atMost("it has ended after, s", (exit.atMs - atMs) / 1_000, mostStopSeconds);
  judge.exactly("its exit code", exit.code, exits.failed);
}

/** Processes that are told to stop. */
export const signals: readonly ChaosScenario[] = [
  receiverStopped("SIGINT"),
  receiverStopped("SIGTERM"),
  senderStopped,
  stoppedTwice,
];
