import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { vi } from "vitest";
import { type CommandOptions, type Ended, type Event, PalmtreeProcess } from "./command.js";

/** A receiving process that can be invited. */
export interface Receiving {
  readonly process: PalmtreeProcess;
  readonly directory: string;
  /** `127.0.0.1:PORT` */
  readonly address: string;
}

/** A temporary directory, and processes on loopback, all of which end with the test. */
export class Place {
  readonly path: string;
  /** What every command is told of keys. */
  #keys: readonly string[] = ["--insecure"];
  readonly #processes: PalmtreeProcess[] = [];

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<Place> {
    return new Place(await mkdtemp(join(tmpdir(), "palmtree-cli-")));
  }

  /** From now on every command has a key, which is new. */
  async secure(): Promise<void> {
    await this.run(["keygen", "--out", "group.key"]);
    this.#keys = ["--key-file", "group.key"];
  }

  async clear(): Promise<void> {
    for (const command of this.#processes) command.kill("SIGKILL");
    await Promise.all(this.#processes.map(({ ended }) => ended.catch(() => undefined)));
    await rm(this.path, { recursive: true, force: true });
  }

  /** Writes files: random bytes for a size, a text as it is, "directory" for an empty directory. */
  async write(files: Readonly<Record<string, number | string>>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.path, name);
      await mkdir(content === "directory" ? path : dirname(path), { recursive: true });
      if (content === "directory") continue;
      await writeFile(path, typeof content === "number" ? randomBytes(content) : content);
    }
  }

  /** A file of zeros that takes no space. */
  async writeSparse(name: string, bytes: number): Promise<void> {
    await writeFile(join(this.path, name), "");
    await truncate(join(this.path, name), bytes);
  }

  start(args: readonly string[], options: CommandOptions = {}): PalmtreeProcess {
    const command = new PalmtreeProcess(args, { cwd: this.path, ...options });
    this.#processes.push(command);
    return command;
  }

  /** Runs a command to its end. */
  run(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
    return this.start(args, options).ended;
  }

  /** Starts `receive`, with --json, and waits until it can be invited. */
  async receive(name: string, ...args: readonly string[]): Promise<Receiving> {
    const place = ["--dir", name, "--listen", "127.0.0.1:0", "--no-sync"];
    const process = this.start(["receive", "--json", ...this.#keys, ...place, ...args]);
    const { port } = await process.event("listening");
    return { process, directory: join(this.path, name), address: `127.0.0.1:${port}` };
  }

  receiveMany(count: number, ...args: readonly string[]): Promise<Receiving[]> {
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    return Promise.all(numbers.map((number) => this.receive(`in-${number}`, ...args)));
  }

  /** Starts `send`, with --json. */
  send(
    paths: readonly string[],
    to: readonly (Receiving | string)[],
    ...args: readonly string[]
  ): PalmtreeProcess {
    const peers = to.map((peer) => (typeof peer === "string" ? peer : peer.address));
    return this.start([
      "send",
      ...paths,
      "--to",
      peers.join(","),
      "--json",
      ...this.#keys,
      ...args,
    ]);
  }

  /** Starts `send -`, with --json; its stdin is the test's to write. */
  sendStream(
    name: string,
    to: readonly (Receiving | string)[],
    ...args: readonly string[]
  ): PalmtreeProcess {
    const peers = to.map((peer) => (typeof peer === "string" ? peer : peer.address)).join(",");
    const command = ["send", "-", "--name", name, "--to", peers, "--json", ...this.#keys, ...args];
    return this.start(command, { hasStdin: true });
  }

  /** Everything below a directory: paths with hashes, directories with a slash behind. */
  async contentOf(name: string): Promise<Record<string, string>> {
    const base = join(this.path, name);
    const content: Record<string, string> = {};
    for (const entry of (await readdir(base, { recursive: true })).sort()) {
      const path = join(base, entry);
      if ((await stat(path)).isDirectory()) content[`${entry}/`] = "";
      else content[entry] = await hashOf(path);
    }
    return content;
  }
}

/** Where the staged copy of a file is while it is received. */
export async function stagedPath({ directory }: Receiving, name: string): Promise<string> {
  const [staging] = (await readdir(directory)).filter((entry) => entry.startsWith(".palmtree-"));
  return join(directory, staging ?? "", "content", name);
}

/** How much of a file's staged copy is on the disk, 0 where there is none. */
export async function stagedBytes(receiving: Receiving, name: string): Promise<number> {
  const staged = await stat(await stagedPath(receiving, name)).catch(() => undefined);
  return (staged?.blocks ?? 0) * 512;
}

/**
 * Waits until so many bytes of a file are on the receiver's disk, and hardly more. The disk is asked
 * and not the events of progress: they come five times a second, and a transfer may be over before
 * the next.
 */
export async function reach(receiving: Receiving, name: string, bytes: number): Promise<void> {
  const isReached = async () => (await stagedBytes(receiving, name)) >= bytes;
  await vi.waitUntil(isReached, { interval: 5, timeout: 60_000 });
}

/** The last line, as every script reads it. */
export function lastOf({ events }: Pick<Ended, "events">): Event {
  const last = events.at(-1);
  if (last === undefined) throw new Error("there is no event");
  return last;
}

/** The last event of a type. */
export function eventOf({ events }: Pick<Ended, "events">, type: string): Event {
  const found = events.findLast((event) => event.type === type);
  if (found === undefined) throw new Error(`there is no "${type}"`);
  return found;
}

export async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest("hex");
}
