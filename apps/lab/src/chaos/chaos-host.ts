import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fingerprint } from "../fingerprint.js";
import type { Host } from "../network/shape.js";
import type { Exit, Printed, WatchedProcess } from "../processes/watched-process.js";
import { sourceName } from "../source.js";
import { isConnectedTo } from "./connections.js";
import { Progress } from "./progress.js";

/** What starts a receiver on a host. */
export type StartReceiver = (
  host: ChaosHost,
  more: readonly string[],
  onPrinted: (printed: Printed) => void,
) => WatchedProcess;

/** One host of the swarm with its directory and all receivers that it ran, one after the other. */
export class ChaosHost {
  readonly host: Host;
  readonly directory: string;
  readonly progress: Progress = new Progress();
  readonly #start: StartReceiver;
  readonly #lives: WatchedProcess[] = [];
  /** What the receiver before the last held in the end. */
  #heldBefore = 0;

  constructor(host: Host, directory: string, start: StartReceiver) {
    this.host = host;
    this.directory = directory;
    this.#start = start;
  }

  get name(): string {
    return `host-${this.host.number}`;
  }

  /** Where the copy must be in the end. */
  get file(): string {
    return join(this.directory, sourceName);
  }

  get lifeCount(): number {
    return this.#lives.length;
  }

  /** The receiver that runs, or ran last. */
  get receiver(): WatchedProcess {
    const last = this.#lives.at(-1);
    if (last === undefined) throw new Error(`nothing was started on ${this.name}`);
    return last;
  }

  /** Starts `palmtree receive --once`, in the same directory each time; waits until it listens. */
  async receive(...more: readonly string[]): Promise<void> {
    const receiver = this.#start(this, more, ({ value, atMs }) => {
      if (value.type === "progress") this.progress.add({ atMs, bytes: Number(value.bytes) });
    });
    this.#heldBefore = this.progress.bytes;
    this.#lives.push(receiver);
    await receiver.first("listening");
  }

  /** `kill -9`, as a loss of power would. */
  async kill(): Promise<void> {
    this.receiver.signal("SIGKILL");
    await this.receiver.exited;
  }

  /** When everything stood under its final name; undefined as long as it does not. */
  get landedAtMs(): number | undefined {
    return this.receiver.printed("landed")[0]?.atMs;
  }

  /** What `receive --once` said in the end; undefined where it was killed. */
  get result(): Printed["value"] | undefined {
    return this.receiver.printed("result").at(-1)?.value;
  }

  /**
   * Payload bytes that its receivers took from the network over all lives, as they say themselves:
   * what they held when they were killed, and what the last one did not find on its disk.
   */
  get fetchedBytes(): number {
    if (this.result === undefined) return this.progress.bytes;
    const { bytes, resumedBytes, duplicateBytes } = this.result;
    return this.#heldBefore + Number(bytes) - Number(resumedBytes) + Number(duplicateBytes);
  }

  /** The code of its error, `none` where it said that it is complete, `unsaid` where nothing. */
  get errorCode(): string {
    if (this.result === undefined) return "unsaid";
    const error = this.result.error as { readonly code: string } | undefined;
    return error?.code ?? "none";
  }

  /** Ended by itself, within that time. */
  async ended(withinMs: number): Promise<Exit | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), withinMs);
    });
    const exit = await Promise.race([this.receiver.exited, late]);
    clearTimeout(timer);
    return exit;
  }

  /** Whether its copy is the source's, under its final name. */
  async isWhole(wanted: string, signal: AbortSignal): Promise<boolean> {
    return (await fingerprint(this.file, signal).catch(() => undefined)) === wanted;
  }

  /** Whether anything stands under the final name. */
  async hasFile(): Promise<boolean> {
    return (await stat(this.file).catch(() => undefined)) !== undefined;
  }

  /** Names in its directory, but for what is kept for another time. */
  async names(): Promise<readonly string[]> {
    const names = await readdir(this.directory).catch(() => []);
    return names.filter((name) => !name.startsWith(".palmtree-")).sort();
  }

  /** Whether a TCP connection stands from here to another host. */
  isConnectedTo({ address }: Host): boolean {
    const { pid, hasExited } = this.receiver;
    return pid !== undefined && !hasExited && isConnectedTo(pid, address);
  }
}
