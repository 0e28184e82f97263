import { constants, createReadStream, createWriteStream } from "node:fs";
import { chmod, copyFile, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { type Descriptor, statFile } from "./descriptor.js";

/**
 * Copies a file that is open, whatever has its name by now, to where nothing is. Where the file
 * system can, the copy shares what it takes on the disk.
 *
 * @param mode - the copy's permissions; the umask does not apply
 * @throws Error when it is no plain file, or cannot be copied
 */
export async function copyOpenFile(file: Descriptor, copy: string, mode: number): Promise<void> {
  const stats = await statFile(file);
  if (!stats.isFile()) throw new Error("it is not a file any more");
  const path = `/proc/self/fd/${file}`;
  const reached = await stat(path).catch(() => undefined);
  if (reached?.ino === stats.ino && reached.dev === stats.dev) {
    await copyFile(path, copy, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  } else {
    const source = createReadStream("", { fd: file, autoClose: false, start: 0 });
    await pipeline(source, createWriteStream(copy, { flags: "wx", mode: 0o600 }));
  }
  await chmod(copy, mode);
}
