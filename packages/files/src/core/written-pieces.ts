import type { Bitmap } from "./bitmap.js";
import type { ChunkLayout } from "./chunk-layout.js";
import type { WrittenPiece } from "./journal.js";

/** Pieces that are kept before those side by side are put together: bounds the memory. */
const piecesAtOnce = 65_536;
/** Pieces that are kept at all, with gaps between them; more are forgotten. About 64 MiB. */
const mostPieces = 2 ** 20;

/**
 * What is written of some files, in pieces that do not overlap. Pieces may be added in any order,
 * twice, and overlapping; those side by side become one.
 */
export class WrittenPieces {
  #pieces: WrittenPiece[] = [];
  #tidyAt = piecesAtOnce;

  add(piece: WrittenPiece): void {
    const last = this.#pieces.at(-1);
    if (
      last !== undefined &&
      last.entry === piece.entry &&
      last.offset + last.length === piece.offset
    )
      this.#pieces[this.#pieces.length - 1] = { ...last, length: last.length + piece.length };
    else this.#pieces.push(piece);
    if (this.#pieces.length < this.#tidyAt) return;
    this.#tidy();
    this.#tidyAt = this.#pieces.length + piecesAtOnce;
  }

  /** In order, by entry and offset. */
  get all(): readonly WrittenPiece[] {
    this.#tidy();
    return this.#pieces;
  }

  /** Bytes of all pieces together. */
  get bytes(): number {
    return this.all.reduce((sum, { length }) => sum + length, 0);
  }

  /** Sets the chunks of which every byte is written. */
  markChunks(layout: ChunkLayout, chunks: Bitmap): void {
    const { chunkSizeBytes } = layout;
    for (const { entry, offset, length } of this.all) {
      const { first, count } = layout.chunksOf(entry);
      const end = Math.min(
        offset + length,
        layout.bytesBefore(first + count) - layout.bytesBefore(first),
      );
      const isToEnd = end === layout.bytesBefore(first + count) - layout.bytesBefore(first);
      const from = Math.ceil(offset / chunkSizeBytes);
      // The last chunk of a file is written when the file is, to its end.
      const to = isToEnd ? count : Math.floor(end / chunkSizeBytes);
      if (to > from) chunks.setRun(first + from, to - from);
    }
  }

  #tidy(): void {
    this.#pieces.sort((one, other) => one.entry - other.entry || one.offset - other.offset);
    const tidy: WrittenPiece[] = [];
    for (const piece of this.#pieces) {
      const last = tidy.at(-1);
      const end = last === undefined ? 0 : last.offset + last.length;
      if (last === undefined || last.entry !== piece.entry || end < piece.offset) tidy.push(piece);
      else {
        const length = Math.max(end, piece.offset + piece.length) - last.offset;
        tidy[tidy.length - 1] = { ...last, length };
      }
    }
    this.#pieces = tidy.slice(0, mostPieces);
  }
}
