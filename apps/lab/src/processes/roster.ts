import { join } from "node:path";
import { type ProcessOptions, WatchedProcess } from "./watched-process.js";

/** How a roster deals with its processes. */
export interface RosterOptions {
  /** Where what they say is kept, each under its name; must exist. Undefined: nowhere. */
  readonly logDirectory?: string | undefined;
  /**
   * How often processes are looked at, in ms. The peak is the system's own, so only the last bit is
   * missed; of CPU time more is. Looking costs about 0.05 ms for each process. Default 100.
   */
  readonly sampleIntervalMs?: number;
}

/** Every roster's processes, so that none is left when the lab itself is ended. */
const alive = new Set<WatchedProcess>();

/** Ends every process that the lab has started, at once. */
export function killAll(): void {
  for (const process of alive) process.kill();
}

/** The processes of one run: all of them have ended when it is disposed of. */
export class Roster {
  readonly #signal: AbortSignal;
  readonly #logDirectory: string | undefined;
  readonly #processes: WatchedProcess[] = [];
  readonly #timer: NodeJS.Timeout;

  /** @param signal - ends all processes when it aborts */
  constructor(signal: AbortSignal, options: RosterOptions = {}) {
    const { logDirectory, sampleIntervalMs = 100 } = options;
    this.#signal = signal;
    this.#logDirectory = logDirectory;
    signal.addEventListener("abort", this.#killAll);
    this.#timer = setInterval(() => this.sample(), sampleIntervalMs);
  }

  /** Looks at the usage of all its processes now. */
  sample(): void {
    for (const process of this.#processes) process.sample();
  }

  /** @throws the signal's reason when it has aborted */
  start(program: string, args: readonly string[], options: ProcessOptions): WatchedProcess {
    this.#signal.throwIfAborted();
    const directory = this.#logDirectory;
    const logFile = directory === undefined ? undefined : join(directory, options.name);
    const process = new WatchedProcess(program, args, { ...options, logFile });
    this.#processes.push(process);
    alive.add(process);
    void process.exited.then(() => alive.delete(process));
    return process;
  }

  /** CPU time of all processes; undefined where the system does not tell. */
  get cpuSeconds(): number | undefined {
    const used = this.#processes.map(({ usage }) => usage?.cpuSeconds);
    return used.includes(undefined)
      ? undefined
      : used.reduce<number>((sum, s) => sum + (s ?? 0), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#killAll();
    await Promise.all(this.#processes.map(({ exited }) => exited));
    clearInterval(this.#timer);
    this.#signal.removeEventListener("abort", this.#killAll);
  }

  readonly #killAll = (): void => {
    for (const process of this.#processes) process.kill();
  };
}
