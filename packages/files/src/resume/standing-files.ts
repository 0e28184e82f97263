import { lstat, readlink } from "node:fs/promises";
import { join } from "node:path";
import { forEachBounded } from "../bounded.js";
import { Bitmap } from "../core/bitmap.js";
import type { Manifest } from "../core/manifest.js";
import type { ManifestEntry } from "../core/manifest-entries.js";
import { topOf } from "../core/path-order.js";

/** Below libuv's four threads, so that others get a turn. */
const checksAtOnce = 3;

/** What of a manifest is at the destination already, as far as sizes and times tell. */
export interface StandingFiles {
  /** Entries that seem to be what they should be. */
  readonly entries: Bitmap;
  /** Names in the destination under which there is something. */
  readonly taken: ReadonlySet<string>;
  /** Of these, names under which everything that the manifest has there seems to be there. */
  readonly whole: ReadonlySet<string>;
}

/**
 * Looks for what an earlier session has landed: plain files of the same size and time, and
 * links to the same, in plain directories. Whether their content is the same only their hashes will tell.
 */
export async function findStanding(directory: string, manifest: Manifest): Promise<StandingFiles> {
  const taken = new Set<string>();
  const whole = new Set<string>();
  const entries = new Bitmap(manifest.entries.length);
  for (const { path } of manifest.entries) {
    if (path.includes("/")) continue;
    const stat = await lstat(join(directory, path)).catch(() => undefined);
    if (stat !== undefined) taken.add(path);
  }
  if (taken.size === 0) return { entries, taken, whole };
  const similar = new Bitmap(manifest.entries.length);
  await forEachBounded(manifest.entries.length, checksAtOnce, async (index) => {
    const entry = manifest.entries.at(index) as ManifestEntry;
    if (taken.has(topOf(entry.path)) && (await isSimilar(directory, entry))) similar.set(index);
  });
  for (const name of taken) whole.add(name);
  const directories = new Set([""]);
  let index = -1;
  for (const { path, kind } of manifest.entries) {
    index += 1;
    // A directory is before what is in it; what is reached through a link does not stand there.
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    if (similar.has(index) && directories.has(parent)) {
      entries.set(index);
      if (kind === "directory") directories.add(path);
    } else whole.delete(topOf(path));
  }
  return { entries, taken, whole };
}

async function leadsTo(link: string, target: string | undefined): Promise<boolean> {
  const found = await readlink(link).catch(() => undefined);
  return (process.platform === "win32" ? found?.replaceAll("\\", "/") : found) === target;
}

async function isSimilar(directory: string, entry: ManifestEntry): Promise<boolean> {
  const path = join(directory, entry.path);
  const stat = await lstat(path).catch(() => undefined);
  if (stat === undefined) return false;
  if (entry.kind === "directory") return stat.isDirectory();
  if (entry.kind === "link") return stat.isSymbolicLink() && (await leadsTo(path, entry.target));
  // Times are set in seconds with a fraction, so they come back almost as they were.
  const isSameTime = Math.abs(stat.mtimeMs - entry.modifiedMs) < 1;
  return stat.isFile() && stat.size === entry.sizeBytes && isSameTime;
}
