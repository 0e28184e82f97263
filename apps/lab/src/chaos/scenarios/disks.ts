import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ChaosHost } from "../chaos-host.js";
import { exits, judgePauses, judgeSender, judgeWhole } from "../endings.js";
import type { Judge } from "../judge.js";
import type { ChaosScenario } from "../scenario.js";
import { fillerName, SmallDisk } from "../small-disk.js";
import type { Swarm } from "../swarm.js";
import { defaults, shortTimeout } from "./defaults.js";

/** A file that is there before, and must be there as it was. */
const kept = { name: "kept.txt", text: "was here before\n" } as const;

/** It fails in time, by itself, with its reason; nothing is damaged, and the others end whole. */
async function judgeVictim(
  judge: Judge,
  victim: ChaosHost,
  expected: { readonly codes: readonly string[]; readonly names: readonly string[] },
): Promise<void> {
  const exit = await victim.ended(8_000);
  judge.exactly("its exit code", exit?.code ?? "none", exits.failed);
  const { errorCode } = victim;
  const isExpected = expected.codes.includes(errorCode);
  judge.exactly("its error", errorCode, isExpected ? errorCode : expected.codes.join(" or "));
  judge.exactly("what its directory holds", await victim.names(), expected.names);
}

async function keep({ directory }: ChaosHost): Promise<void> {
  await writeFile(join(directory, kept.name), kept.text);
}

async function judgeKept(judge: Judge, { directory }: ChaosHost): Promise<void> {
  const text = await readFile(join(directory, kept.name), "utf8").catch(() => "gone");
  judge.exactly("the file that was there before", text.trim(), kept.text.trim());
}

const diskFull: ChaosScenario = {
  ...defaults,
  name: "disk-full",
  about: "one relay's file system, in memory, fills up in the transfer",
  sendArguments: shortTimeout,
  async play(swarm, judge) {
    const victim = swarm.host(2);
    await using disk = await SmallDisk.mount(victim.directory, 1.5 * swarm.source.bytes);
    await keep(victim);
    await swarm.begin();
    await swarm.at(3);
    const filledAtMs = performance.now();
    await disk.fill();
    await judgeSender(swarm, judge, exits.partial);
    const names = [fillerName, kept.name];
    await judgeVictim(judge, victim, { codes: ["disk-full"], names });
    await judgeKept(judge, victim);
    await judgeWhole(swarm, judge, swarm.others(victim));
    judgePauses(judge, swarm.others(victim), filledAtMs);
  },
};

const diskSmall: ChaosScenario = {
  ...defaults,
  name: "disk-too-small",
  about: "one host has too little room from the start",
  async play(swarm, judge) {
    const victim = swarm.host(2);
    await using _disk = await SmallDisk.mount(victim.directory, swarm.source.bytes / 2);
    await keep(victim);
    await swarm.begin();
    await judgeSender(swarm, judge, exits.partial);
    judge.exactly("what the sender says of it", errorOf(swarm, victim), "declined");
    judge.exactly("what its directory holds", await victim.names(), [kept.name]);
    await judgeKept(judge, victim);
    await judgeWhole(swarm, judge, swarm.others(victim));
  },
};

const directoryRemoved: ChaosScenario = {
  ...defaults,
  name: "directory-removed",
  about: "one relay's directory is removed in the transfer",
  sendArguments: shortTimeout,
  async play(swarm, judge) {
    const victim = swarm.host(2);
    await swarm.begin();
    await swarm.at(3);
    const removedAtMs = performance.now();
    await rm(victim.directory, { recursive: true, force: true, maxRetries: 3 });
    await judgeSender(swarm, judge, exits.partial);
    const codes = ["store-failed", "not-writable"];
    await judgeVictim(judge, victim, { codes, names: [] });
    await judgeWhole(swarm, judge, swarm.others(victim));
    judgePauses(judge, swarm.others(victim), removedAtMs);
  },
};

const readOnly: ChaosScenario = {
  ...defaults,
  name: "disk-read-only",
  about: "one host's file system is read-only: its receiver does not even start",
  async play(swarm, judge) {
    const victim = swarm.host(2);
    await using disk = await SmallDisk.mount(victim.directory, 2 * swarm.source.bytes);
    await keep(victim);
    await disk.makeReadOnly();
    await victim.receive().catch(() => {}); // it says why, and ends
    const names = [kept.name];
    await judgeVictim(judge, victim, { codes: ["not-writable"], names });
    await swarm.begin(swarm.others(victim));
    await judgeSender(swarm, judge, exits.partial);
    judge.exactly("what the sender says of it", errorOf(swarm, victim), "not-answering");
    await judgeKept(judge, victim);
    await judgeWhole(swarm, judge, swarm.others(victim));
  },
};

/** The code of the error with which the sender reports a host. */
export function errorOf({ sender }: Swarm, { host }: ChaosHost): string {
  const peers = sender.printed("result").at(-1)?.value.peers as
    | readonly { readonly address?: string; readonly error?: { readonly code: string } }[]
    | undefined;
  const told = peers?.find(({ address }) => address?.startsWith(`${host.address}:`) === true);
  return told === undefined ? "nothing" : (told.error?.code ?? "none");
}

/** Disks that fail. */
export const disks: readonly ChaosScenario[] = [diskFull, diskSmall, readOnly, directoryRemoved];
