import { constants, type Stats } from "node:fs";
import { closeFile, type Descriptor, openFile, statFile } from "../descriptor.js";

const { O_RDONLY } = constants;
/** Not on Windows. */
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;
const O_NONBLOCK = constants.O_NONBLOCK ?? 0;

/**
 * Reads a file that may be anything, or not there: no link is followed, no pipe waited for.
 *
 * @returns undefined when it is no plain file, or `read` threw
 */
export async function withPlainFile<T>(
  path: string,
  read: (file: Descriptor, stat: Stats) => Promise<T | undefined>,
): Promise<T | undefined> {
  const file = await openFile(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const stat = await statFile(file);
    return stat.isFile() ? await read(file, stat) : undefined;
  } catch {
    return undefined;
  } finally {
    await closeFile(file).catch(() => undefined);
  }
}
