import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
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
  readonly #timeoutMs: number;
  readonly #printed = new Map<string, Printed[]>();
  readonly #wakers = new Set<() => void>();
  #usage: ProcessUsage | undefined;
  #errorTail = "";
  #hasTimedOut = false;
  #hasExited = false;

  constructor(program: string, args: readonly string[], { name, timeoutMs }: ProcessOptions) {
    this.name = name;
    this.#timeoutMs = timeoutMs;
    this.#child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: environment() });
    this.exited = this.#watch();
  }

  /** The last that was seen of its usage; undefined where the system does not tell. */
  get usage(): ProcessUsage | undefined {
    return this.#usage;
  }

  /** Look at its usage now. It cannot be seen any more once the process has ended. */
  sample(): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#hasExited) return;
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

  /** Ends it at once, if it has not ended. */
  kill(): void {
    if (!this.#hasExited) this.#child.kill("SIGKILL");
  }

  #watch(): Promise<Exit> {
    const child = this.#child;
    const timer = setTimeout(() => {
      this.#hasTimedOut = true;
      this.kill();
    }, this.#timeoutMs);
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errorTail = (this.#errorTail + text).slice(-errorTailLength);
    });
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on("line", (line) => this.#onLine(line));
    }
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

  #onLine(line: string): void {
    const atMs = performance.now();
    let value: Printed["value"];
    try {
      value = JSON.parse(line);
    } catch {
      return;
    }
    // Progress may come by the thousand; nobody here asks for it.
    if (value.type === "progress") return;
    this.sample();
    this.#printed.set(value.type, [...this.printed(value.type), { value, atMs }]);
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#wakers) wake();
    this.#wakers.clear();
  }

  #failure({ code, signal }: Exit, when: string): Error {
    const how = this.#hasTimedOut
      ? `was ended after ${this.#timeoutMs / 1_000} s`
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
