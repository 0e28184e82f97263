import { chmod, readdir, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { forEachBounded } from "./bounded.js";
import { systemCode } from "./disk-error.js";

const UNLINKS_AT_ONCE = 4;

/**
 * Removes a directory and all below it, directories that nobody may write too; links are removed,
 * never followed. Nothing happens when it is not there. (`fs.rm` begins to remove everything in a
 * directory at once, however much that is, and stops at a directory that may not be written.)
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await emptyDirectory(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  await rmdir(path);
}

/** Removes all that is in a directory, as {@link removeTree} does; the directory is ours. */
export async function emptyDirectory(path: string): Promise<void> {
  await chmod(path, 0o700);
  const children = await readdir(path, { withFileTypes: true });
  const others = children.filter((child) => !child.isDirectory());
  await forEachBounded(others.length, UNLINKS_AT_ONCE, async (index) => {
    await unlink(join(path, others[index]?.name ?? ""));
  });
  for (const child of children) {
    if (child.isDirectory()) await removeTree(join(path, child.name));
  }
}
