import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** An event of the command, as apps/cli/README.md has it. */
// biome-ignore lint/suspicious/noExplicitAny: the demo reads it as any script would
export type CommandEvent = { readonly type: string } & Record<string, any>;

/** How long a process that was asked to end may take, in milliseconds. */
const endWithinMs = 3_000;

/** The command `palmtree` in a process of its own. */
export class PalmtreeCommand implements AsyncDisposable {
  /** What it prints, one event after the other; one reader only. */
  readonly events: AsyncIterable<CommandEvent>;
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;

  /** @param args - `--json` is added */
  constructor(args: readonly string[]) {
    this.#process = spawn(process.execPath, [commandScript(), ...args, "--json"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#ended = new Promise((resolve) => {
      this.#process.once("close", () => resolve());
      this.#process.once("error", () => resolve());
    });
    const { stdout } = this.#process;
    if (stdout === null) throw new Error("the process has no stdout");
    this.events = parse(createInterface({ input: stdout }));
  }

  /** Asks it to end, if it has not, and sees to it that it does. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGTERM");
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), endWithinMs);
    await this.#ended;
    clearTimeout(timer);
  }
}

async function* parse(lines: AsyncIterable<string>): AsyncGenerator<CommandEvent, void, undefined> {
  for await (const line of lines) yield JSON.parse(line);
}

/** The file that the command's package names as its program. */
function commandScript(): string {
  const manifest = new URL(import.meta.resolve("@palmtree/cli/package.json"));
  const { bin } = JSON.parse(readFileSync(manifest, "utf8"));
  return fileURLToPath(new URL(bin.palmtree, manifest));
}
