import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { type ProcessUsage, readUsage } from "./proc-status.js";

/** A JSON object that a process printed, and when. */
export interface Printed {
  readonly value: { readonly type: string; readonly [field: string]: unknown };
  /** On `performance.now()`'s clock. */
  readonly atMs: number;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** On `performance.now()`'s clock. */
  readonly atMs: number;
}

/** How a process is started. */
export interface ProcessOptions {
  /** What it is, in messages. */
  readonly name: string;
  /** It is killed when it has lived as long as this. */
  readonly timeoutMs: number;
  /** Whether it starts others, which are to end with it. Their usage is not seen one by one. */
  readonly hasChildren?: boolean;
  /** Whether it can be told something on its standard input; else there is nothing to read. */
  readonly isTold?: boolean;
  /** What it says that is no JSON: a line that matches counts as an object of this `type`. */
  readonly phrases?: Readonly<Record<string, RegExp>>;
  /** Told each JSON object that it prints, progress too, which is not kept. */
  readonly onPrinted?: (printed: Printed) => void;
  /** All that it says goes to `FILE.stdout` and `FILE.stderr` too. */
  readonly logFile?: string | undefined;
}

/** Characters of standard error that are kept for messages. */
const errorTailLength = 2_000;

/** One process that the lab started: what it prints, uses, and how it ends. */
export class WatchedProcess {
  readonly name: string;
  readonly startedAtMs: number = performance.now();
  /** Never rejects. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #options: ProcessOptions;
  readonly #printed = new Map<string, Printed[]>();
  readonly #wakers = new Set<() => void>();
  #usage: ProcessUsage | undefined;
  #errorTail = "";
  #hasTimedOut = false;
  #hasExited = false;

  constructor(program: string, args: readonly string[], options: ProcessOptions) {
    const { name, hasChildren = false, isTold = false, logFile } = options;
    this.name = name;
    this.#options = options;
    this.#child = spawn(program, args, {
      stdio: [isTold ? "pipe" : "ignore", "pipe", "pipe"],
      env: environment(),
      detached: hasChildren, // a process group of its own, which is ended as a whole
    });
    this.exited = this.#watch();
    if (logFile !== undefined) this.#keepLog(logFile);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  /** The last that was seen of its usage; undefined where the system does not tell. */
  get usage(): ProcessUsage | undefined {
    return this.#usage;
  }

  /** Look at its usage now. It cannot be seen any more once the process has ended. */
  sample(): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#hasExited || this.#options.hasChildren) return;
    this.#usage = readUsage(pid) ?? this.#usage;
  }

  /** What it has printed so far with this `type`. */
  printed(type: string): readonly Printed[] {
    return this.#printed.get(type) ?? [];
  }

  /**
   * The first object of this `type`, once it is printed.
   *
   * @throws Error when the process ends without it
   */
  async first(type: string): Promise<Printed> {
    for (;;) {
      const [found] = this.printed(type);
      if (found !== undefined) return found;
      if (this.#hasExited) throw this.#failure(await this.exited, `before it printed "${type}"`);
      await new Promise<void>((resolve) => this.#wakers.add(resolve));
    }
  }

  /**
   * Waits for the process to end well.
   *
   * @throws Error when its exit code is not 0
   */
  async success(): Promise<Exit> {
    const exit = await this.exited;
    if (exit.code !== 0) throw this.#failure(exit, "");
    return exit;
  }

  /** Writes a line to its standard input. */
  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Sends it a signal, if it has not ended. It must not have children. */
  signal(name: NodeJS.Signals): void {
    if (!this.#hasExited) this.#child.kill(name);
  }

  /** Ends it at once, if it has not ended. */
  kill(): void {
    const { pid } = this.#child;
    if (this.#hasExited || pid === undefined) return;
    if (!this.#options.hasChildren) this.#child.kill("SIGKILL");
    else {
      try {
        process.kill(-pid, "SIGKILL");
      } catch {
        // The whole group has ended.
      }
    }
  }

  #watch(): Promise<Exit> {
    const child = this.#child;
    const timer = setTimeout(() => {
      this.#hasTimedOut = true;
      this.kill();
    }, this.#options.timeoutMs);
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errorTail = (this.#errorTail + text).slice(-errorTailLength);
    });
    child.stdin?.on("error", () => {}); // it has ended
    if (child.stdout !== null) this.#readLines(child.stdout);
    if (child.stderr !== null && this.#options.phrases !== undefined) this.#readLines(child.stderr);
    return new Promise((resolve) => {
      const end = (code: number | null, signal: string | null): void => {
        clearTimeout(timer);
        this.#hasExited = true;
        resolve({ code, signal, atMs: performance.now() });
        this.#wake();
      };
      child.on("error", (error) => {
        this.#errorTail = error.message;
        if (child.pid === undefined) end(null, null);
      });
      child.on("close", end);
    });
  }

  #readLines(input: Readable): void {
    createInterface({ input }).on("line", (line) => this.#onLine(line));
  }

  #keepLog(file: string): void {
    this.#child.stdout?.pipe(createWriteStream(`${file}.stdout`, { flags: "a" }));
    this.#child.stderr?.pipe(createWriteStream(`${file}.stderr`, { flags: "a" }));
  }

  #onLine(line: string): void {
    const atMs = performance.now();
    const value = this.#valueOf(line);
    if (value === undefined) return;
    this.#options.onPrinted?.({ value, atMs });
    // Progress may come by the thousand: it is not kept.
    if (value.type === "progress") return;
    this.sample();
    this.#printed.set(value.type, [...this.printed(value.type), { value, atMs }]);
    this.#wake();
  }

  #valueOf(line: string): Printed["value"] | undefined {
    const phrase = Object.entries(this.#options.phrases ?? {}).find(([, said]) => said.test(line));
    if (phrase !== undefined) return { type: phrase[0] };
    try {
      return JSON.parse(line) as Printed["value"];
    } catch {
      return undefined;
    }
  }

  #wake(): void {
    for (const wake of this.#wakers) wake();
    this.#wakers.clear();
  }

  #failure({ code, signal }: Exit, when: string): Error {
    const how = this.#hasTimedOut
      ? `was ended after ${this.#options.timeoutMs / 1_000} s`
      : code === null
        ? `was ended by ${signal ?? "the system"}`
        : `exited with ${code}`;
    const said = this.#errorTail.trim();
    return new Error(
      [`${this.name} ${how}`, when, said && `and said:\n${said}`].filter(Boolean).join(" "),
    );
  }
}

/** Variables that would change what is measured. */
const disturbing = ["PALMTREE_KEY", "PALMTREE_KEY_FILE", "NODE_OPTIONS"];

/** Our own environment, without those. */
function environment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env);
  return Object.fromEntries(entries.filter(([name]) => !disturbing.includes(name)));
}
