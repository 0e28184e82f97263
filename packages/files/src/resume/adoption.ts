import { rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { ChunkLayout } from "../core/chunk-layout.js";
import type { Manifest } from "../core/manifest.js";
import type { DirectoryPin } from "../directory-pin.js";
import { emptyDirectory } from "../remove-tree.js";
import { readJournal } from "./journal-reading.js";
import {
  findLeftStaging,
  findUnusedStaging,
  type LeftStaging,
  removeLeftStaging,
  takeOver,
} from "./left-staging.js";
import { keepFitting, type LeftoverFiles, matchEntries } from "./leftover-files.js";
import { claim, disown, own, unclaim } from "./owner.js";

/** What is to be received. */
export interface AdoptionTarget {
  readonly manifest: Manifest;
  readonly manifestHash: Uint8Array;
  readonly layout: ChunkLayout;
}

/** What was taken over. */
export interface AdoptedStaging {
  /** The staging directory, held; who gets it closes it. */
  readonly pin: DirectoryPin;
  readonly files: LeftoverFiles;
}

/**
 * Takes over what an earlier session has left in a destination: the staging directory of the same
 * manifest, or else one that has some of the same files.
 *
 * @param path - what the staging directory is called from now on; this process owns it
 * @returns undefined when there was nothing of use: then this process does not own that name
 */
export async function adoptStaging(
  directory: string,
  path: string,
  target: AdoptionTarget,
): Promise<AdoptedStaging | undefined> {
  const isSame = ({ manifestHash }: LeftStaging): boolean =>
    Buffer.compare(manifestHash, target.manifestHash) === 0;
  const left = await findLeftStaging(directory);
  left.sort((a, b) => Number(isSame(b)) - Number(isSame(a)) || b.modifiedMs - a.modifiedMs);
  for (const [place, candidate] of left.entries()) {
    const found = await tryAdopt(candidate, path, target);
    if (found === undefined) continue;
    // There is one session's content, and it is here: others of the same are of no use.
    for (const other of left.slice(place + 1)) if (isSame(other)) await removeLeftStaging(other);
    return found;
  }
  return undefined;
}

/** Bytes that an earlier session with that manifest has left in a destination. */
export async function countLeftBytes(directory: string, manifestHash: Uint8Array): Promise<number> {
  let most = 0;
  for (const left of await findLeftStaging(directory)) {
    if (Buffer.compare(left.manifestHash, manifestHash) !== 0) continue;
    const journal = await readJournal(join(left.path, "journal"));
    most = Math.max(most, journal?.pieces.bytes ?? 0);
  }
  return most;
}

/**
 * Removes what earlier sessions have left in a destination and nobody uses. Never rejects.
 *
 * @param modifiedBeforeMs - only what was last written to before that: milliseconds since 1970
 * @returns how many staging directories that were
 */
export async function discardLeftStaging(
  directory: string,
  modifiedBeforeMs: number,
): Promise<number> {
  const left = await findUnusedStaging(directory);
  const old = left.filter(({ modifiedMs }) => modifiedMs < modifiedBeforeMs);
  for (const one of old) await removeLeftStaging(one);
  return old.length;
}

async function tryAdopt(
  candidate: LeftStaging,
  path: string,
  target: AdoptionTarget,
): Promise<AdoptedStaging | undefined> {
  const journal = await readJournal(join(candidate.path, "journal"));
  if (journal === undefined) return undefined;
  const successors = matchEntries(journal.manifest, target.manifest);
  if (!journal.pieces.all.some(({ entry }) => successors.has(entry))) return undefined;
  // From before it has that name: under it, it would look as if nobody used it.
  if (!claim(path)) return undefined;
  const pin = await takeOver(candidate, path);
  if (pin === undefined || !(await tryOwn(path, pin.path))) {
    await pin?.close();
    unclaim(path);
    return undefined;
  }
  try {
    const before = { successors, pieces: journal.pieces };
    return { pin, files: await keepFitting(join(pin.path, "content"), before, target) };
  } catch {
    // It is in a state that nobody knows: begin with nothing.
    await emptyDirectory(pin.path).catch(() => undefined);
    await disown(path, pin.path);
    await pin.close();
    await rmdir(path).catch(() => undefined);
    return undefined;
  }
}

/** @returns false when another process was quicker */
async function tryOwn(path: string, at: string): Promise<boolean> {
  return await own(path, at).then(
    () => true,
    () => false,
  );
}
