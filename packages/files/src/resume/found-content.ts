import type { ChunkStoreOptions } from "../chunk-store-options.js";
import { Bitmap } from "../core/bitmap.js";
import type { WrittenPiece } from "../core/journal.js";
import { topOf } from "../core/path-order.js";
import type { DirectoryPin } from "../directory-pin.js";
import type { FoundEntries } from "../staged-tree.js";
import { makeDestination, makeStaging, nameExists, type Staging } from "../staging.js";
import { findStanding, type StandingFiles } from "./standing-files.js";

/** What of a session's content seems to be here before anything is received. */
export interface FoundContent extends FoundEntries {
  /** Chunks that may be here: on no account believed. */
  readonly chunks: Bitmap;
  /** Names in the destination that are not touched: what they should be seems to be there. */
  readonly inPlace: ReadonlySet<string>;
  /** Bytes of the files that stand in the destination. */
  readonly bytes: number;
  /** What is written in the staged content. */
  readonly pieces: readonly WrittenPiece[];
}

/** Where a session's content goes, and what of it is there. */
export interface ContentPlace {
  readonly staging: Staging;
  readonly found: FoundContent;
}

/**
 * Checks that a session's content can land, looks for what of it is here already, and makes the
 * staging directory, or takes over that of an earlier session. Without `resume` nothing is looked for.
 *
 * @throws as `ChunkStore.create`
 */
export async function findContent(options: ChunkStoreOptions): Promise<ContentPlace> {
  const destination = await makeDestination(options.directory);
  try {
    return await findIn(destination, options);
  } catch (error) {
    await destination.close();
    throw error;
  }
}

async function findIn(
  destination: DirectoryPin,
  options: ChunkStoreOptions,
): Promise<ContentPlace> {
  const { session, manifest, layout, onConflict, resume } = options;
  const standing = await findStanding(destination.path, manifest);
  if (onConflict === "fail") {
    for (const name of standing.taken) {
      if (resume === undefined || !standing.whole.has(name))
        throw nameExists(destination.directory, name);
    }
  }
  const found = foundInDestination(options, resume && standing);
  const { staging, leftover } = await makeStaging({
    destination,
    session,
    // How much room a stream takes shows only when it is there.
    totalBytes: layout.isOpen ? 0 : layout.totalBytes - found.bytes,
    target: resume && { manifest, layout, manifestHash: resume.manifestHash },
  });
  if (leftover === undefined) return { staging, found };
  found.chunks.add(leftover.chunks);
  const { made, pieces } = leftover;
  return { staging, found: { ...found, made, pieces } };
}

/** What of it stands in the destination; nothing without `standing`. */
function foundInDestination(
  { manifest, layout, onConflict }: ChunkStoreOptions,
  standing: StandingFiles | undefined,
): FoundContent {
  const chunks = new Bitmap(layout.chunkCount);
  const inPlace = new Set<string>();
  const used = new Bitmap(layout.entryCount);
  let bytes = 0;
  let index = -1;
  for (const { path, kind, sizeBytes } of standing === undefined ? [] : manifest.entries) {
    index += 1;
    if (standing?.entries.has(index) !== true) continue;
    const top = topOf(path);
    if (onConflict === "overwrite") {
      // A directory that is replaced is replaced as a whole, by one that has the same files; links
      // are made anew.
      if (kind !== "file") continue;
      if (top === path) inPlace.add(top);
    } else if (standing.whole.has(top)) inPlace.add(top);
    else continue;
    used.set(index);
    const { first, count } = layout.chunksOf(index);
    chunks.setRun(first, count);
    bytes += sizeBytes;
  }
  return { chunks, inPlace, bytes, standing: used, pieces: [] };
}
