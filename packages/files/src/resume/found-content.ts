import type { ChunkStoreOptions } from "../chunk-store-options.js";
import { Bitmap } from "../core/bitmap.js";
import type { ChunkLayout } from "../core/chunk-layout.js";
import type { WrittenPiece } from "../core/journal.js";
import type { Manifest } from "../core/manifest.js";
import type { FoundEntries } from "../staged-tree.js";
import {
  makeDestination,
  makeStaging,
  nameExists,
  type OnConflict,
  type Staging,
} from "../staging.js";
import { findStanding, type StandingFiles, topOf } from "./standing-files.js";

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
  const { session, manifest, layout, onConflict, resume } = options;
  const directory = await makeDestination(options.directory);
  const standing = await findStanding(directory, manifest);
  if (onConflict === "fail") {
    for (const name of standing.taken) {
      if (resume === undefined || !standing.whole.has(name)) throw nameExists(directory, name);
    }
  }
  const place = { directory, standing: resume && standing, onConflict };
  const found = foundInDestination(options, place);
  const { staging, leftover } = await makeStaging({
    directory,
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
  { manifest, layout }: { readonly manifest: Manifest; readonly layout: ChunkLayout },
  place: {
    readonly directory: string;
    readonly standing: StandingFiles | undefined;
    readonly onConflict: OnConflict;
  },
): FoundContent {
  const { directory, standing, onConflict } = place;
  const chunks = new Bitmap(layout.chunkCount);
  const inPlace = new Set<string>();
  const used = new Bitmap(layout.entryCount);
  let bytes = 0;
  let index = -1;
  for (const { path, kind, sizeBytes } of standing === undefined ? [] : manifest.entries) {
    index += 1;
    if (standing?.entries.has(index) !== true) continue;
    // A directory that is replaced is replaced as a whole, by one that has the same files; links
    // are made anew.
    const isTopFile = kind === "file" && !path.includes("/");
    if (onConflict === "fail" || isTopFile) inPlace.add(topOf(path));
    else if (kind !== "file") continue;
    used.set(index);
    const { first, count } = layout.chunksOf(index);
    chunks.setRun(first, count);
    bytes += sizeBytes;
  }
  return { chunks, inPlace, bytes, standing: used, destination: directory, pieces: [] };
}
