import type { ChaosHost } from "../chaos-host.js";
import { exits, judgeReceived, judgeSender, judgeWhole } from "../endings.js";
import type { Judge } from "../judge.js";
import type { ChaosScenario } from "../scenario.js";
import type { Swarm } from "../swarm.js";
import { defaults, shortTimeout } from "./defaults.js";

/** A receiver takes the time-out to give up, and a moment to say so. */
const mostSeconds = 6 + 4;

/** The root is killed, and run again with the same files. */
const rootKilled: ChaosScenario = {
  ...defaults,
  name: "root-killed",
  about: "the sender killed in the middle; then everything is run again",
  sendArguments: shortTimeout,
  async play(swarm, judge) {
    await swarm.begin();
    await swarm.at(5);
    await killRoot(swarm);
    await judgeGivenUp(swarm, judge);
    await Promise.all(swarm.hosts.map((host) => host.receive()));
    swarm.send();
    await judgeSender(swarm, judge, exits.complete);
    await judgeWhole(swarm, judge, swarm.hosts);
    await judgeReceived(swarm, judge, swarm.hosts);
  },
};

/** So slow in both strategies that all others are through long before. */
const slowBitsPerSecond = 8_000_000;

/** One host is so slow that the root, and maybe others, are gone before it has everything; the others have. */
function killedLate(
  { name, about }: Pick<ChaosScenario, "name" | "about">,
  {
    slowPlace,
    killedPlaces,
  }: { readonly slowPlace: number; readonly killedPlaces: readonly number[] },
): ChaosScenario {
  return {
    ...defaults,
    name,
    about,
    slowBitsPerSecond: { [slowPlace]: slowBitsPerSecond },
    sendArguments: shortTimeout,
    timeoutMs: 300_000,
    async play(swarm, judge) {
      const slow = swarm.host(slowPlace);
      await sendToOthers(swarm, judge, slow);
      const killed = killedPlaces.map((place) => swarm.host(place));
      await Promise.all([killRoot(swarm), ...killed.map((host) => host.kill())]);
      await slow.ended(240_000);
      const left = swarm.hosts.filter((host) => !killed.includes(host));
      await judgeWhole(swarm, judge, left);
    },
  };
}

const rootKilledLate = killedLate(
  {
    name: "root-killed-late",
    about: "the sender killed when all but one host have everything",
  },
  { slowPlace: 4, killedPlaces: [] },
);

/**
 * Of nine, host 6 knows in the cube host 2, 4 and 7, and in a chain host 5. Only hosts that nobody told it of at
 * first have what it lacks.
 */
const neighboursKilledLate = killedLate(
  {
    name: "neighbours-killed-late",
    about: "the sender and all neighbours of a host killed when only that host lacks anything",
  },
  { slowPlace: 6, killedPlaces: [2, 4, 5, 7] },
);

/**
 * Begins the session, and waits until all but the slow host have everything. In a tree it may have children, which
 * then get even less than it does: so it is enough if the slow one has everything.
 */
async function sendToOthers(swarm: Swarm, judge: Judge, slow: ChaosHost): Promise<void> {
  await swarm.begin();
  const others = swarm.others(slow);
  const isWaiting = (): boolean =>
    slow.landedAtMs === undefined && others.some(({ landedAtMs }) => landedAtMs === undefined);
  while (isWaiting()) await swarm.pauseMs(50);
  const share = slow.progress.bytes / swarm.source.bytes;
  judge.tell("held by the slow host when it happened, %", Math.round(100 * share));
}

async function killRoot({ sender }: Swarm): Promise<void> {
  sender.signal("SIGKILL");
  await sender.exited;
}

/** Everybody stops with a clear error, in time, and nothing stands under its final name. */
async function judgeGivenUp(swarm: Swarm, judge: Judge): Promise<void> {
  const killedAtMs = performance.now();
  const codes = new Set<string>();
  const files: string[] = [];
  let lastMs = 0;
  for (const host of swarm.hosts) {
    const exit = await host.ended(mostSeconds * 2_000);
    // Meanwhile they get from each other what the root had given one of them.
    const movedAtMs = Math.max(killedAtMs, host.progress.movedAtMs ?? 0);
    lastMs = Math.max(lastMs, (exit?.atMs ?? Number.POSITIVE_INFINITY) - movedAtMs);
    codes.add(`${exit?.code ?? "none"} ${host.errorCode}`);
    files.push(...(await host.names()));
  }
  // Who hangs below a peer that has lost the root itself has a parent, and only waits in vain.
  const unclear = [...codes].filter((code) => !["1 root-lost", "1 timed-out"].includes(code));
  judge.tell("exit codes and errors of the hosts", [...codes].join(", "));
  judge.exactly("others than root-lost and timed-out", unclear.join(", "), "");
  judge.atMost("given up after the last that came, s", lastMs / 1_000, mostSeconds);
  judge.exactly("files under their final names", files.length, 0);
}

/** Roots that are killed. */
export const roots: readonly ChaosScenario[] = [rootKilled, rootKilledLate, neighboursKilledLate];
