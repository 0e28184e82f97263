import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Makes an empty directory, which is removed when the running test has ended. */
export async function temporaryDirectory(): Promise<string> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "palmtree-files-")));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}
