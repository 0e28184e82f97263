import { fileURLToPath } from "node:url";
import { runCommand } from "./network/run-command.js";

/** From `apps/lab/dist`. */
const repository = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * The commit of what is measured, with a `+` where sources are not as they were committed; undefined
 * where this is no clone. Pages and numbers that were saved meanwhile change nothing.
 */
export async function readCommit(directory: string = repository): Promise<string | undefined> {
  const git = (...args: readonly string[]): Promise<string> =>
    runCommand("git", ["-C", directory, ...args]);
  try {
    const commit = (await git("rev-parse", "--short=10", "HEAD")).trim();
    const changes = await git("status", "--porcelain", "--", "packages", "apps");
    return changes === "" ? commit : `${commit}+`;
  } catch {
    return undefined;
  }
}
