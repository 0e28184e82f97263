import { chmod, lstat, readdir, truncate, unlink } from "node:fs/promises";
import { join } from "node:path";
import { Bitmap } from "../core/bitmap.js";
import type { ChunkLayout } from "../core/chunk-layout.js";
import type { WrittenPiece } from "../core/journal.js";
import type { Manifest } from "../core/manifest.js";
import type { ManifestEntry } from "../core/manifest-entries.js";
import { WrittenPieces } from "../core/written-pieces.js";
import { withUmask } from "../descriptor.js";
import { removeTree } from "../remove-tree.js";

/** What a session begins with, of an earlier one. */
export interface LeftoverFiles {
  /** Files and directories that exist in the staged content. */
  readonly made: Bitmap;
  /** Chunks that were written. Whether they are what they should be nobody knows. */
  readonly chunks: Bitmap;
  /** The same, for the new journal. */
  readonly pieces: readonly WrittenPiece[];
}

/**
 * Makes the content of an earlier session that of this one: files of the same path, size and time
 * stay, everything else goes. Nothing is believed of what is there: a link, a file with a second
 * name or anything else that is not a plain file goes too.
 *
 * @param before - from {@link matchEntries}; and what was written, by the earlier entries
 */
export async function keepFitting(
  content: string,
  before: {
    readonly successors: ReadonlyMap<number, number>;
    readonly pieces: WrittenPieces;
  },
  target: { readonly manifest: Manifest; readonly layout: ChunkLayout },
): Promise<LeftoverFiles> {
  const made = new Bitmap(target.layout.entryCount);
  const { successors, pieces } = before;
  const fitting = new Set(successors.values());
  await new ContentWalk(target.manifest, fitting, made).visit(content, "");
  const kept = new WrittenPieces();
  for (const piece of pieces.all) {
    const entry = successors.get(piece.entry);
    if (entry !== undefined && made.has(entry)) kept.add({ ...piece, entry });
  }
  const chunks = new Bitmap(target.layout.chunkCount);
  kept.markChunks(target.layout, chunks);
  return { made, chunks, pieces: kept.all };
}

/** For the entries of `before` that are files, and the same in `after`: which they are there. */
export function matchEntries(before: Manifest, after: Manifest): ReadonlyMap<number, number> {
  const byPath = new Map<string, number>();
  let index = 0;
  for (const entry of before.entries) {
    if (entry.kind === "file" && entry.sizeBytes > 0) byPath.set(keyOf(entry), index);
    index += 1;
  }
  const successors = new Map<number, number>();
  index = 0;
  for (const entry of after.entries) {
    const predecessor = entry.kind === "file" ? byPath.get(keyOf(entry)) : undefined;
    if (predecessor !== undefined) successors.set(predecessor, index);
    index += 1;
  }
  return successors;
}

/** What has to be the same. A path holds no NUL. */
function keyOf({ path, sizeBytes, modifiedMs }: ManifestEntry): string {
  return `${path}\0${sizeBytes}\0${modifiedMs}`;
}

/** Goes through staged content, and removes what is not to stay. */
class ContentWalk {
  readonly #manifest: Manifest;
  readonly #fitting: ReadonlySet<number>;
  readonly #made: Bitmap;
  readonly #byPath = new Map<string, number>();

  constructor(manifest: Manifest, fitting: ReadonlySet<number>, made: Bitmap) {
    this.#manifest = manifest;
    this.#fitting = fitting;
    this.#made = made;
    let index = 0;
    for (const { path } of manifest.entries) {
      this.#byPath.set(path, index);
      index += 1;
    }
  }

  async visit(directory: string, prefix: string): Promise<void> {
    for (const child of await readdir(directory, { withFileTypes: true })) {
      const path = join(directory, child.name);
      const index = this.#byPath.get(prefix + child.name);
      const entry = index === undefined ? undefined : this.#manifest.entries.at(index);
      if (index !== undefined && entry !== undefined && (await this.#keep(path, index, entry))) {
        this.#made.set(index);
        if (entry.kind === "directory") await this.visit(path, `${entry.path}/`);
      } else if (child.isDirectory()) await removeTree(path);
      else await unlink(path);
    }
  }

  /** Makes what is there writable, and no longer than it should be. @returns whether it may stay */
  async #keep(path: string, index: number, { kind, mode, sizeBytes }: ManifestEntry) {
    const stat = await lstat(path);
    if (kind === "directory") {
      if (!stat.isDirectory()) return false;
      await chmod(path, withUmask(mode) | 0o700);
      return true;
    }
    if (!stat.isFile() || stat.nlink !== 1 || !this.#fitting.has(index)) return false;
    await chmod(path, withUmask(mode) | 0o600);
    if (stat.size > sizeBytes) await truncate(path, sizeBytes);
    return true;
  }
}
