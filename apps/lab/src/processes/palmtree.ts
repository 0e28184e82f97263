import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { GroupKey } from "@palmtree/relay";
import type { Roster } from "./roster.js";
import type { WatchedProcess } from "./watched-process.js";

/** The built command, as a user would start it. */
export interface Palmtree {
  readonly file: string;
  /** Where every process leaves a CPU profile, if anywhere. */
  readonly profileDirectory: string | undefined;
  /** What every process is told of keys. */
  readonly keyArguments: readonly string[];
}

/** The command that the workspace's `@palmtree/cli` names under `bin`, without a key. */
export function findPalmtree(profileDirectory: string | undefined): Palmtree {
  const manifestFile = fileURLToPath(import.meta.resolve("@palmtree/cli/package.json"));
  const manifest = JSON.parse(readFileSync(manifestFile, "utf8")) as {
    readonly bin: { readonly palmtree: string };
  };
  const file = join(dirname(manifestFile), manifest.bin.palmtree);
  return { file, profileDirectory, keyArguments: ["--insecure"] };
}

/** The same with a new key, in a file in that directory. */
export async function withKey(palmtree: Palmtree, directory: string): Promise<Palmtree> {
  const file = join(directory, "group.key");
  await writeFile(file, `${GroupKey.draw().format()}\n`, { mode: 0o600 });
  return { ...palmtree, keyArguments: ["--key-file", file] };
}

/** A receiver that can be invited. */
export interface Receiver {
  readonly process: WatchedProcess;
  /** `host:port` */
  readonly address: string;
  readonly directory: string;
}

/** Starts `palmtree receive --once` on loopback, and waits until it can be invited. */
export async function startReceiver(
  roster: Roster,
  palmtree: Palmtree,
  { name, directory, timeoutMs }: ReceiverOptions,
): Promise<Receiver> {
  const args = receiveArguments(palmtree, { name, listen: "127.0.0.1:0", directory });
  const process = roster.start(execPath, args, { name, timeoutMs });
  const { value } = await process.first("listening");
  return { process, address: `127.0.0.1:${String(value.port)}`, directory };
}

interface ReceiverOptions {
  readonly name: string;
  readonly directory: string;
  readonly timeoutMs: number;
}

/** Starts `palmtree send` of one path to all receivers. */
export function startSender(
  roster: Roster,
  palmtree: Palmtree,
  { timeoutMs, ...order }: SenderOptions,
): WatchedProcess {
  return roster.start(execPath, sendArguments(palmtree, order), { name: "send", timeoutMs });
}

interface SenderOptions extends SendOrder {
  readonly timeoutMs: number;
}

/** One `palmtree receive`. */
export interface ReceiveOrder {
  /** Its own name, which is that of its profile. */
  readonly name: string;
  readonly listen: string;
  readonly directory: string;
  readonly more?: readonly string[];
}

/** What Node is told to be a receiver of one session. */
export function receiveArguments(palmtree: Palmtree, order: ReceiveOrder): string[] {
  const { name, listen, directory, more = [] } = order;
  const args = ["receive", "--once", ...palmtree.keyArguments, "--json", "--listen", listen];
  return [...nodeArguments(palmtree, name), ...args, "--dir", directory, ...more];
}

/** One `palmtree send`. */
export interface SendOrder {
  readonly path: string;
  readonly addresses: readonly string[];
  readonly sendArguments: readonly string[];
}

/** What Node is told to be a sender. */
export function sendArguments(palmtree: Palmtree, order: SendOrder): string[] {
  const args = ["send", order.path, "--to", order.addresses.join(","), "--json"];
  const more = [...palmtree.keyArguments, ...order.sendArguments];
  return [...nodeArguments(palmtree, "send"), ...args, ...more];
}

const { execPath } = process;

function nodeArguments({ file, profileDirectory }: Palmtree, name: string): string[] {
  if (profileDirectory === undefined) return [file];
  const profile = `${name}-${Date.now()}.cpuprofile`;
  return ["--cpu-prof", `--cpu-prof-dir=${profileDirectory}`, `--cpu-prof-name=${profile}`, file];
}
