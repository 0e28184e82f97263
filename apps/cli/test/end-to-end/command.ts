import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = new URL("../../", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));

/** The version in package.json. */
export const version: string = manifest.version;

/** The file that package.json names as the command. */
export const script: string = fileURLToPath(new URL(manifest.bin.palmtree, folder));

// biome-ignore lint/suspicious/noExplicitAny: what a script would see, too
export type Event = { readonly type: string } & Record<string, any>;

/** How a process ended, with all that it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly events: readonly Event[];
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs it as that user; for root only. */
  readonly uid?: number;
  /** How many files and sockets it may have open; not on Windows. */
  readonly openFiles?: number;
  /** Whether the test writes to its stdin; else that is empty. */
  readonly hasStdin?: boolean;
}

/** The built command, running in a process of its own. */
export class PalmtreeProcess {
  readonly process: ChildProcess;
  /** What it has written to stdout so far, where that is JSON. */
  readonly events: Event[] = [];
  readonly ended: Promise<Ended>;
  #stdout = "";
  #stderr = "";
  #isOver = false;
  #onChange: (() => void)[] = [];

  constructor(
    args: readonly string[],
    { cwd, env = {}, uid, openFiles, hasStdin = false }: CommandOptions = {},
  ) {
    if (!existsSync(script)) throw new Error(`${script} is missing: npm run build first`);
    const command = [process.execPath, script, ...args];
    const limit = ["sh", "-c", `ulimit -n ${openFiles}; exec "$@"`, "sh"];
    const [program = "", ...rest] = openFiles === undefined ? command : [...limit, ...command];
    this.process = spawn(program, rest, {
      ...(cwd === undefined ? {} : { cwd }),
      ...(uid === undefined ? {} : { uid, gid: uid }),
      env: { ...withoutOurs(process.env), ...env },
      stdio: [hasStdin ? "pipe" : "ignore", "pipe", "pipe"],
    });
    this.process.stdout?.setEncoding("utf8").on("data", (text: string) => this.#onStdout(text));
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    this.ended = new Promise((resolve, reject) => {
      this.process.once("error", reject);
      this.process.once("close", (code, signal) => {
        this.#isOver = true;
        this.#changed();
        const { events } = this;
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr, events });
      });
    });
  }

  /** The first event of a type, now or later, that has what is asked for. */
  async event(type: string, matches: (event: Event) => boolean = () => true): Promise<Event> {
    for (;;) {
      const found = this.events.find((event) => event.type === type && matches(event));
      if (found !== undefined) return found;
      if (this.#isOver)
        throw new Error(`it ended without "${type}": ${this.#stdout}${this.#stderr}`);
      await new Promise<void>((resolve) => this.#onChange.push(resolve));
    }
  }

  /** Writes to its stdin; resolves when there is room for more. */
  async write(bytes: Uint8Array): Promise<void> {
    const { stdin } = this.process;
    if (stdin?.write(bytes) === false) await once(stdin, "drain");
  }

  /** Ends its stdin. */
  end(): void {
    this.process.stdin?.end();
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  #onStdout(text: string): void {
    const before = this.#stdout.lastIndexOf("\n") + 1;
    this.#stdout += text;
    const lines = this.#stdout.slice(before).split("\n").slice(0, -1);
    for (const line of lines) if (line.startsWith("{")) this.events.push(JSON.parse(line));
    this.#changed();
  }

  #changed(): void {
    const waiting = this.#onChange;
    this.#onChange = [];
    for (const resolve of waiting) resolve();
  }
}

/** The variables that change what the command does are the tests' to set. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = /^(PALMTREE_|NO_COLOR$|FORCE_COLOR$|NODE_OPTIONS$|VITEST)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.test(name)));
}
