import { statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../network/run-command.js";

/** A file system in memory of its own, mounted on a directory until it is disposed of. */
export class SmallDisk {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** @throws Error where the system does not allow it */
  static async mount(directory: string, sizeBytes: number): Promise<SmallDisk> {
    const options = `size=${Math.ceil(sizeBytes / 4_096) * 4}k`;
    await runCommand("mount", ["-t", "tmpfs", "-o", options, "tmpfs", directory]);
    return new SmallDisk(directory);
  }

  /** Nothing more can be written: a file takes all that is left. */
  async fill(): Promise<void> {
    const { bavail, bsize } = await statfs(this.directory);
    const file = join(this.directory, fillerName);
    await writeFile(file, Buffer.alloc(bavail * bsize)).catch(() => {
      // Others write meanwhile: it is full all the same.
    });
  }

  /** From now on nothing can be changed. */
  async makeReadOnly(): Promise<void> {
    await runCommand("mount", ["-o", "remount,ro", this.directory]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await runCommand("umount", ["-l", this.directory]);
  }
}

/** The name of the file that fills a disk. */
export const fillerName = "filler";
