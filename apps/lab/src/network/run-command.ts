import { execFile } from "node:child_process";
import type { Batch } from "./commands.js";

/** None of these commands has anything to wait for. */
const timeoutMs = 20_000;

/**
 * Runs a command of the system.
 *
 * @returns what it printed
 * @throws Error with what it said, when it fails or hangs
 */
export function runCommand(program: string, args: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { timeout: timeoutMs }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const said = stderr.trim() || error.message;
      reject(new Error(`${program} ${args.join(" ")}: ${said}`, { cause: error }));
    });
    child.stdin?.on("error", () => {}); // it has ended: the exit code says why
    child.stdin?.end(input);
  });
}

/** Runs the lines of a batch with `ip` or `tc`; `args` go before `-batch`. */
export async function runBatch(
  program: "ip" | "tc",
  args: readonly string[],
  batch: Batch,
): Promise<void> {
  if (batch.length === 0) return;
  await runCommand(program, [...args, "-batch", "-"], `${batch.join("\n")}\n`);
}
