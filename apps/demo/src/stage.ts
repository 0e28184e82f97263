import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CommandEvent, PalmtreeCommand } from "./palmtree-command.js";

/** A receiving process. */
export interface Receiver {
  /** Its place in the demo, 1 for the first. */
  readonly place: number;
  /** Where it is invited: `127.0.0.1:40123`. */
  readonly address: string;
  /** Where it puts what it receives. */
  readonly directory: string;
}

/** A temporary folder and the processes of the demo; all of them go when it is disposed of. */
export class Stage implements AsyncDisposable {
  readonly folder: string;
  readonly #commands: PalmtreeCommand[] = [];
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => void this.#endAll();

  private constructor(folder: string, signal: AbortSignal) {
    this.folder = folder;
    this.#signal = signal;
    // Whatever is waited for comes from these processes, and so it ends with them.
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  static async open(signal: AbortSignal): Promise<Stage> {
    return new Stage(await mkdtemp(join(tmpdir(), "palmtree-demo-")), signal);
  }

  /** Starts the command. */
  start(args: readonly string[]): PalmtreeCommand {
    this.#signal.throwIfAborted();
    const command = new PalmtreeCommand(args);
    this.#commands.push(command);
    return command;
  }

  /** Starts a receiving process, and waits until it can be invited. */
  async receive(place: number): Promise<Receiver> {
    const directory = join(this.folder, `receiver-${place}`);
    await mkdir(directory);
    const where = ["--dir", directory, "--listen", "127.0.0.1:0"];
    // What is thrown away in a moment need not survive a loss of power.
    const options = ["--once", "--insecure", "--no-sync", "--quiet"];
    const { events } = this.start(["receive", ...where, ...options]);
    const address = await listening(events);
    this.#signal.throwIfAborted();
    if (address === undefined) throw new Error(`receiver ${place} did not start`);
    return { place, address, directory };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener("abort", this.#onAbort);
    await this.#endAll();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #endAll(): Promise<void> {
    await Promise.all(this.#commands.map((command) => command[Symbol.asyncDispose]()));
  }
}

/** Reads to the event that says where it is invited; the rest is read and dropped. */
async function listening(events: AsyncIterable<CommandEvent>): Promise<string | undefined> {
  return await new Promise((resolve) => {
    void (async () => {
      for await (const { type, address, port } of events)
        if (type === "listening") resolve(`${address}:${port}`);
      resolve(undefined);
    })();
  });
}
