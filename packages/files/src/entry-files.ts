import type { PalmTreeError } from "@palmtree/wire";
import type { ChunkLayout, ChunkPlace } from "./core/chunk-layout.js";
import type { StoredChunks } from "./core/stored-chunks.js";
import { allocate, type Descriptor, readInto, writeAll } from "./descriptor.js";
import { destinationError } from "./disk-error.js";
import { OPEN_FILE_LIMIT, OpenFiles } from "./open-files.js";
import type { StagedTree } from "./staged-tree.js";
import type { WriteRun } from "./write-queue.js";

/** What {@link EntryFiles} belong to. */
export interface EntryFilesOptions {
  readonly layout: ChunkLayout;
  readonly tree: StagedTree;
  readonly stored: StoredChunks;
  /** Waits while an entry's file is being replaced by another. */
  readonly settled: (entry: number) => Promise<void>;
}

/**
 * The files that a store's chunks are in, opened when they are needed, where they are at the moment:
 * in the staged content, standing in the destination, or landed.
 *
 * Whatever the operating system refuses is thrown as not-writable, disk-full or store-failed, with
 * the `path`.
 */
export class EntryFiles {
  readonly #options: EntryFilesOptions;
  readonly #files: OpenFiles;
  #closeFailure: PalmTreeError | undefined;
  /** While entries are moved to their final names: nothing can be opened. */
  #moving: Promise<void> | undefined;
  #ended: PalmTreeError | undefined;

  constructor(options: EntryFilesOptions) {
    this.#options = options;
    this.#files = new OpenFiles(OPEN_FILE_LIMIT, (entry) => this.#open(entry), this.#noteClose);
  }

  /** Why a file could not be closed, if one could not: what was written may not be there. */
  get closeFailure(): PalmTreeError | undefined {
    return this.#closeFailure;
  }

  /** Reads from one file; fails rather than read less. The caller owns the bytes. */
  async read({ entry, offset, length }: ChunkPlace): Promise<Uint8Array> {
    const bytes = allocate(length);
    await this.#files.use(entry, (file) =>
      this.#attempt("read", entry, () => readInto(file, bytes, offset)),
    );
    return bytes;
  }

  /** Writes a run; its file stays open until `onWritten` is through with it. */
  async write(
    { entry, offset, payloads }: WriteRun,
    onWritten: (file: Descriptor) => Promise<void>,
  ): Promise<void> {
    await this.#files.use(entry, async (file) => {
      await this.#attempt("write", entry, () => writeAll(file, payloads, offset));
      await onWritten(file);
    });
  }

  /** Finishes a file that nothing is written to any more, once it is seen to have its full size. */
  async finish(entry: number): Promise<void> {
    await this.#files.use(entry, (file) => this.finishOpen(entry, file));
  }

  /** As {@link EntryFiles.finish}, with a file that the caller has opened. */
  async finishOpen(entry: number, file: Descriptor): Promise<void> {
    const { tree, layout } = this.#options;
    await tree.checkSize(entry, file, layout.sizeOf(entry));
    await tree.finishFile(entry, file);
  }

  /** Closes an entry's file as soon as it is not in use; it is opened afresh when used again. */
  retire(entry: number): void {
    this.#files.retire(entry);
  }

  /** Closes every file as soon as it is not in use; each is opened afresh when used again. */
  async close(): Promise<void> {
    await this.#files.close();
  }

  /** Closes every file, and opens none until `move` is over: it moves what they are in. */
  async whileClosed(move: () => Promise<void>): Promise<void> {
    let onMoved: () => void = () => undefined;
    this.#moving = new Promise((resolve) => {
      onMoved = resolve;
    });
    try {
      await this.#files.close(); // on Windows an open file keeps its directory where it is
      await move();
    } finally {
      this.#moving = undefined;
      onMoved();
    }
  }

  /** Closes every file for good: who needs one from now on is told `reason`. */
  async end(reason: PalmTreeError): Promise<void> {
    this.#ended = reason;
    await this.#files.close();
  }

  async #open(entry: number): Promise<Descriptor> {
    const { tree, stored, settled } = this.#options;
    await this.#moving;
    await settled(entry);
    if (this.#ended !== undefined) throw this.#ended;
    const isFinished = stored.isComplete(entry) || tree.isStanding(entry);
    return await (isFinished ? tree.openToRead(entry) : tree.openToWrite(entry));
  }

  async #attempt<T>(doing: string, entry: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw destinationError(error, doing, this.#options.tree.pathOf(entry));
    }
  }

  readonly #noteClose = (entry: number, error: unknown): void => {
    this.#closeFailure ??= destinationError(error, "write", this.#options.tree.pathOf(entry));
  };
}
