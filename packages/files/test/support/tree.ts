import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Manifest, ManifestEntry } from "../../src/index.js";

/** By path: a file's content, or `undefined` for a directory. */
export type Tree = Readonly<Record<string, Uint8Array | string | undefined>>;

/** Makes files and directories, and the directories around them. */
export async function makeTree(base: string, tree: Tree): Promise<void> {
  for (const [path, content] of Object.entries(tree)) {
    const target = join(base, path);
    await mkdir(content === undefined ? target : dirname(target), { recursive: true });
    if (content !== undefined) await writeFile(target, content);
  }
}

/** All that is below a directory, by path: content, `directory`, or `link to ...`. */
export async function readTree(base: string): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  const children = await readdir(base, { recursive: true, withFileTypes: true });
  for (const child of children) {
    const path = join(child.parentPath, child.name);
    const name = path.slice(base.length + 1).replaceAll("\\", "/");
    if (child.isDirectory()) tree[name] = "directory";
    else if (child.isSymbolicLink()) tree[name] = `link to ${await readlink(path)}`;
    else tree[name] = (await readFile(path)).toString("latin1");
  }
  return tree;
}

/** Sets permissions and time, from the leaves up so that the times stay. */
export async function setStats(path: string, mode: number, modifiedMs: number): Promise<void> {
  await utimes(path, modifiedMs / 1000, modifiedMs / 1000);
  await chmod(path, mode);
}

/** Permissions and time of what is at a path. */
export async function statsOf(path: string): Promise<{ mode: number; modifiedMs: number }> {
  const { mode, mtimeMs } = await lstat(path);
  return { mode: mode & 0o7777, modifiedMs: Math.round(mtimeMs) };
}

/** An entry that is a file. */
export function file(path: string, sizeBytes: number, mode = 0o644): ManifestEntry {
  return { path, kind: "file", sizeBytes, mode, modifiedMs: 1_600_000_000_123 };
}

/** An entry that is a directory. */
export function directory(path: string, mode = 0o755): ManifestEntry {
  return { path, kind: "directory", sizeBytes: 0, mode, modifiedMs: 1_500_000_000_456 };
}

/** An entry that is a symbolic link. */
export function link(path: string, target: string): ManifestEntry {
  return { path, kind: "link", sizeBytes: 0, mode: 0o777, modifiedMs: 1_400_000_000_789, target };
}

/** A manifest with chunks of 1 KiB. */
export function manifestOf(...entries: readonly ManifestEntry[]): Manifest {
  return { name: "test", chunkSizeBytes: 1024, entries };
}
