import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  type FilesReceiver,
  FilesSender,
  type FilesSenderOptions,
  PalmTreeRelay,
  type ReceiveResult,
  type RelayOptions,
  type ResultStep,
  type SenderStep,
  type Step,
} from "../../src/index.js";

/** A receiving peer of a test, with all that it was told. */
export interface Receiving {
  readonly relay: PalmTreeRelay;
  readonly directory: string;
  readonly started: FilesReceiver[];
  readonly steps: Step[];
  /** The first transfer's receiver, once its manifest is open. */
  readonly start: Promise<FilesReceiver>;
  /** The first transfer's end, when nothing of it is left in staging. */
  readonly end: Promise<ReceiveResult>;
}

/** A temporary directory, and peers on loopback, all of which end with the test. */
export class Place {
  readonly path: string;
  readonly #relays: PalmTreeRelay[] = [];

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<Place> {
    return new Place(await mkdtemp(join(tmpdir(), "palmtree-test-")));
  }

  async clear(): Promise<void> {
    await Promise.all(this.#relays.map((relay) => relay.close()));
    await rm(this.path, { recursive: true, force: true });
  }

  /** Writes files; a size stands for that many random bytes, "directory" for an empty directory. */
  async write(files: Readonly<Record<string, number | "directory">>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.path, name);
      if (content === "directory") await mkdir(path, { recursive: true });
      else {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, randomBytes(content));
      }
    }
  }

  async receive(name: string, options: Partial<RelayOptions> = {}): Promise<Receiving> {
    const directory = join(this.path, name);
    const started: FilesReceiver[] = [];
    const steps: Step[] = [];
    let onStart: (receiver: FilesReceiver) => void = () => undefined;
    let onEnd: (result: ReceiveResult) => void = () => undefined;
    const start = new Promise<FilesReceiver>((resolve) => {
      onStart = resolve;
    });
    const end = new Promise<ReceiveResult>((resolve) => {
      onEnd = resolve;
    });
    const relay = await PalmTreeRelay.open({
      directory,
      host: "127.0.0.1",
      port: 0,
      keys: "insecure",
      sync: false,
      onStep: (_receiver, step) => steps.push(step),
      ...options,
      onTransferStart: (receiver) => {
        started.push(receiver);
        options.onTransferStart?.(receiver);
        onStart(receiver);
      },
      onTransferEnd: (receiver, result) => {
        options.onTransferEnd?.(receiver, result);
        onEnd(result);
      },
    });
    this.#relays.push(relay);
    return { relay, directory, started, steps, start, end };
  }

  async receiveMany(count: number, options: Partial<RelayOptions> = {}): Promise<Receiving[]> {
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    return await Promise.all(numbers.map((number) => this.receive(`in-${number}`, options)));
  }

  /** A sender of chunks of 64 KiB, where nothing else is asked for. */
  sender(
    files: readonly string[],
    peers: readonly (Receiving | string)[],
    options: Partial<FilesSenderOptions> = {},
  ): FilesSender {
    return new FilesSender(
      files.map((name) => join(this.path, name)),
      peers.map((peer) => (typeof peer === "string" ? peer : peer.relay.address)),
      { chunkSizeBytes: 65_536, keys: "insecure", ...options },
    );
  }

  /** Sends, and returns the result with the steps before it. */
  async send(
    files: readonly string[],
    peers: readonly (Receiving | string)[],
    options: Partial<FilesSenderOptions> = {},
  ): Promise<{ readonly result: ResultStep; readonly steps: readonly SenderStep[] }> {
    const steps: SenderStep[] = [];
    for await (const step of this.sender(files, peers, options).start()) steps.push(step);
    const last = steps.at(-1);
    if (last?.type !== "result") throw new Error(`the last step is ${String(last?.type)}`);
    return { result: last, steps };
  }

  /** Everything below a directory: paths with contents, directories with a slash behind. */
  async contentOf(name: string): Promise<Record<string, string>> {
    const base = join(this.path, name);
    const content: Record<string, string> = {};
    for (const entry of (await readdir(base, { recursive: true })).sort()) {
      const path = join(base, entry);
      if ((await stat(path)).isDirectory()) content[`${entry}/`] = "";
      else content[entry] = (await readFile(path)).toString("base64");
    }
    return content;
  }
}
