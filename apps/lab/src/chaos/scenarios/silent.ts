import type { ChaosHost } from "../chaos-host.js";
import { exits, judgePauses, judgeReceived, judgeSender, judgeWhole } from "../endings.js";
import type { Judge } from "../judge.js";
import type { ChaosScenario } from "../scenario.js";
import type { Swarm } from "../swarm.js";
import { defaults, shortTimeout } from "./defaults.js";
import { mostNoticeSeconds } from "./killed.js";

/** When it happens, and how long what passes takes. */
const beginSeconds = 3;
const passingSeconds = 3;

/** A way to make a host silent, and to undo that. */
interface Harm {
  readonly begin: (swarm: Swarm, host: ChaosHost) => Promise<void> | void;
  readonly end: (swarm: Swarm, host: ChaosHost) => Promise<void> | void;
}

const stop: Harm = {
  begin: (_, { receiver }) => receiver.signal("SIGSTOP"),
  end: (_, { receiver }) => receiver.signal("SIGCONT"),
};

const cutOff: Harm = {
  begin: ({ network }, { host }) => network.cutOff(host),
  end: ({ network }, { host }) => network.connect(host),
};

const unplug: Harm = {
  begin: ({ network }, { host }) => network.unplug(host),
  end: ({ network }, { host }) => network.plugIn(host),
};

/** What it sends is lost. */
const mute: Harm = {
  begin: (swarm, { host }) => swarm.network.losePackets(host, everybodyBut(swarm, host.number)),
  end: (swarm, { host }) => swarm.network.findAgain(host, everybodyBut(swarm, host.number)),
};

/** What it is sent is lost. */
const deaf: Harm = {
  async begin(swarm, { host }) {
    for (const other of everybodyBut(swarm, host.number))
      await swarm.network.losePackets(other, [host]);
  },
  async end(swarm, { host }) {
    for (const other of everybodyBut(swarm, host.number))
      await swarm.network.findAgain(other, [host]);
  },
};

function everybodyBut({ network }: Swarm, number: number): Swarm["network"]["hosts"] {
  return network.hosts.filter((host) => host.number !== number);
}

/** For good: the others notice it in time, and do without it. */
function forGood(name: string, about: string, harm: Harm): ChaosScenario {
  return {
    ...defaults,
    name,
    about,
    sendArguments: shortTimeout,
    async play(swarm, judge) {
      const victim = await harmed(swarm, judge, harm);
      const survivors = swarm.others(victim);
      const harmedAtMs = performance.now();
      const seconds = await swarm.noticedSeconds(victim.host, survivors, 10);
      judge.atMost("noticed by all after, s", seconds, mostNoticeSeconds);
      await judgeSender(swarm, judge, exits.partial);
      await judgeWhole(swarm, judge, survivors);
      judgePauses(judge, survivors, harmedAtMs);
    },
  };
}

/** For some seconds: everybody ends whole, and the others do not wait for it. */
function forAWhile(name: string, about: string, harm: Harm): ChaosScenario {
  return {
    ...defaults,
    name,
    about,
    async play(swarm, judge) {
      const victim = await harmed(swarm, judge, harm);
      const harmedAtMs = performance.now();
      await swarm.at(beginSeconds + passingSeconds);
      await harm.end(swarm, victim);
      await judgeSender(swarm, judge, exits.complete);
      await judgeWhole(swarm, judge, swarm.hosts);
      judgePauses(judge, swarm.others(victim), harmedAtMs);
    },
  };
}

async function harmed(swarm: Swarm, judge: Judge, harm: Harm): Promise<ChaosHost> {
  await swarm.begin();
  await swarm.at(beginSeconds);
  const victim = swarm.host(2);
  judge.tell("held by it when it happened, %", percent(swarm, victim));
  await harm.begin(swarm, victim);
  return victim;
}

function percent({ source }: Swarm, { progress }: ChaosHost): number {
  return Math.round((100 * progress.bytes) / source.bytes);
}

/** Half of the hosts, which do not reach the root and the other half for a while. */
const partition: ChaosScenario = {
  ...defaults,
  name: "partition",
  about: "half of the hosts cut off from the root and the others for 6 s",
  async play(swarm, judge) {
    await swarm.begin();
    await swarm.at(beginSeconds);
    const far = swarm.network.hosts.filter(({ number }) => number > swarm.hosts.length / 2);
    const near = swarm.network.hosts.filter((host) => !far.includes(host));
    const partedAtMs = performance.now();
    for (const host of near) await swarm.network.losePackets(host, far);
    for (const host of far) await swarm.network.losePackets(host, near);
    await swarm.at(beginSeconds + 2 * passingSeconds);
    for (const host of near) await swarm.network.findAgain(host, far);
    for (const host of far) await swarm.network.findAgain(host, near);
    await judgeSender(swarm, judge, exits.complete);
    await judgeWhole(swarm, judge, swarm.hosts);
    const reached = swarm.hosts.filter(({ host }) => near.includes(host));
    judgePauses(judge, reached, partedAtMs);
  },
};

const resetCount = 5;

/** What was on its way is lost, on both ends, and each of them has to connect anew. */
const connectionsReset: ChaosScenario = {
  ...defaults,
  name: "connections-reset",
  about:
    "all TCP connections of one relay reset in the middle of what they carry, each second for 5 s",
  async play(swarm, judge) {
    await swarm.begin();
    const victim = swarm.host(2);
    const begunAtMs = performance.now();
    const counts: number[] = [];
    for (let second = 1; second <= resetCount; second += 1) {
      await swarm.at(second);
      counts.push(await swarm.network.resetConnections(victim.host));
    }
    judge.tell("connections reset", counts.join(", "));
    await judgeSender(swarm, judge, exits.complete);
    await judgeWhole(swarm, judge, swarm.hosts);
    await judgeReceived(swarm, judge, swarm.hosts);
    judgePauses(judge, swarm.hosts, begunAtMs);
  },
};

/** Receivers that fall silent, for good or for a while, or lose their connections. */
export const silent: readonly ChaosScenario[] = [
  forGood("host-cut-off", "one relay cut off, and nobody told", cutOff),
  forGood("relay-stopped", "one relay stopped by SIGSTOP, for good", stop),
  forGood("host-mute", "what one relay sends is lost, from then on", mute),
  forGood("host-deaf", "what one relay is sent is lost, from then on", deaf),
  forAWhile("relay-stopped-3s", "one relay stopped by SIGSTOP for 3 s", stop),
  forAWhile("host-cut-off-3s", "one relay cut off for 3 s, and nobody told", cutOff),
  forAWhile("interface-down-3s", "one relay's interface down for 3 s", unplug),
  forAWhile("host-mute-3s", "what one relay sends is lost for 3 s", mute),
  forAWhile("host-deaf-3s", "what one relay is sent is lost for 3 s", deaf),
  partition,
  connectionsReset,
];
