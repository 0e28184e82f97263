import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { script } from "./command.js";

/** Either what a test needs, or why this machine does not have it. */
export type Found<T> = { readonly it: T } | { readonly missing: string };

/** The user `nobody`, on most systems. */
const nobody = 65_534;

/**
 * A user whom permissions hold back: this one, or where this one is root, `nobody`.
 *
 * @returns the uid for `spawn`; undefined for this one
 */
export function ordinaryUser(): Found<number | undefined> {
  if (process.getuid?.() !== 0) return { it: undefined };
  const { status } = spawnSync(process.execPath, [script, "--version"], {
    uid: nobody,
    gid: nobody,
  });
  if (status === 0) return { it: nobody };
  return {
    missing: "root reads and writes everything, and nobody else can start the command here",
  };
}

/** Runs a program of the operating system to its end. */
function system(program: string, ...args: readonly string[]) {
  return spawnSync(program, args);
}

/** A small file system of its own, below `folder`. */
export class SmallDisk implements Disposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @param options - of tmpfs: `size=1m`, `nr_inodes=8` */
  static mount(options: string): Found<SmallDisk> {
    if (process.platform !== "linux" || process.getuid?.() !== 0)
      return { missing: "only root can mount a small file system" };
    const path = mkdtempSync(join(tmpdir(), "palmtree-disk-"));
    const { status, stderr } = system("mount", "-t", "tmpfs", "-o", options, "tmpfs", path);
    if (status === 0) return { it: new SmallDisk(path) };
    rmSync(path, { recursive: true });
    return { missing: `tmpfs cannot be mounted here: ${String(stderr ?? "no mount").trim()}` };
  }

  [Symbol.dispose](): void {
    system("umount", "-l", this.path);
    rmSync(this.path, { recursive: true, force: true });
  }
}
