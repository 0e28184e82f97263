import { PalmTreeError } from "@palmtree/wire";
import type { ChunkStoreOptions, Landed } from "./chunk-store-options.js";
import { Bitmap } from "./core/bitmap.js";
import type { ChunkPlace } from "./core/chunk-layout.js";
import {
  allocate,
  closeFile,
  type Descriptor,
  readInto,
  syncDirectory,
  writeAll,
} from "./descriptor.js";
import { destinationError } from "./disk-error.js";
import {
  countLanded,
  type LandedNames,
  moveIntoPlace,
  type TopEntry,
  topEntries,
} from "./landing.js";
import { OPEN_FILE_LIMIT, OpenFiles } from "./open-files.js";
import { ReadAhead } from "./read-ahead.js";
import { type FoundContent, findContent } from "./resume/found-content.js";
import { FoundFiles } from "./resume/found-files.js";
import { JournalFile } from "./resume/journal-file.js";
import { disown } from "./resume/owner.js";
import { StagedTree } from "./staged-tree.js";
import { type OnConflict, removeStaging, type Staging } from "./staging.js";
import { type StoredListener, WriteQueue, type WriteRun } from "./write-queue.js";

/**
 * A session's chunks on this machine's disk: stored in any order, loaded again for other peers, and
 * moved to their final names when all are there. Until then everything is in a private staging
 * directory in the destination, so a crash leaves no file under its final name that is not whole.
 *
 * @example
 * ```ts
 * await using store = await ChunkStore.create(options);
 * store.store(0, payload, (error) => { if (error === undefined) held.set(0); });
 * await store.land();
 * ```
 */
export class ChunkStore {
  readonly #options: ChunkStoreOptions;
  readonly #staging: Staging;
  readonly #tree: StagedTree;
  readonly #files: OpenFiles;
  readonly #queue: WriteQueue;
  readonly #readAhead: ReadAhead;
  readonly #stored: Bitmap;
  /** Per entry the chunks that are not on disk yet. */
  readonly #missing: Uint32Array;
  readonly #found: FoundFiles;
  readonly #journal: JournalFile | undefined;
  /** Whether something is in the staged content that a later session could use. */
  #hasStaged: boolean;
  #closeFailure: PalmTreeError | undefined;
  /** While entries are moved to their final names: nothing can be opened. */
  #moving: Promise<void> | undefined;
  #landing: Promise<Landed> | undefined;
  #hasLanded = false;
  #landedAs: LandedNames = new Map();
  #abandoning: Promise<void> | undefined;
  #isClosed = false;

  private constructor(options: ChunkStoreOptions, staging: Staging, found: FoundContent) {
    const { manifest, layout, resume } = options;
    this.#options = options;
    this.#staging = staging;
    this.#tree = new StagedTree(manifest, staging, found);
    this.#found = new FoundFiles(found, {
      ...options,
      tree: this.#tree,
      destination: staging.destination.directory,
      retire: (entry) => this.#files.retire(entry),
      missingOf: (entry) => this.#missing[entry] as number,
    });
    this.#hasStaged = found.pieces.length > 0;
    if (resume !== undefined)
      this.#journal = new JournalFile(staging.journal, { ...resume, pieces: found.pieces });
    this.#files = new OpenFiles(OPEN_FILE_LIMIT, (entry) => this.#open(entry), this.#noteClose);
    this.#stored = new Bitmap(layout.chunkCount);
    this.#queue = new WriteQueue(layout, {
      write: (run) => this.#write(run),
      toError: this.#toError,
      lacking: () => layout.chunkCount - this.#stored.count,
    });
    this.#missing = Uint32Array.from(
      { length: layout.entryCount },
      (_, entry) => layout.chunksOf(entry).count,
    );
    this.#readAhead = new ReadAhead(layout, {
      read: (place) => this.#read(place),
      has: (index) => this.#stored.has(index) || this.#found.chunks.has(index),
    });
  }

  /**
   * Checks that the content can land, and makes the staging directory.
   *
   * @throws not-writable when the directory cannot be made, is none, or cannot be written
   * @throws disk-full when it has too little space, with `needed` and `available` in the facts
   * @throws name-exists when `onConflict` is `fail` and a name is taken; or when the directory has
   *   a staging directory of this session
   * @throws TypeError when `session` is not a session's id
   */
  static async create(options: ChunkStoreOptions): Promise<ChunkStore> {
    const { staging, found } = await findContent(options);
    return new ChunkStore(options, staging, found);
  }

  /**
   * Chunks that seem to be here from before: from an earlier session, or under their final names.
   * Nobody has compared them with their hashes: load each, and `keep` it if it is what it should be.
   */
  get leftovers(): Bitmap {
    return this.#found.chunks;
  }

  /** Bytes that were handed to `store` and are not written yet: bound them, by calling less. */
  get pendingBytes(): number {
    return this.#queue.pendingBytes;
  }

  /** The destination: an absolute path without links. */
  get directory(): string {
    return this.#staging.destination.directory;
  }

  /** Whether a chunk was handed to `store`, or kept, and can be loaded. */
  has(index: number): boolean {
    return this.#stored.has(index) || this.#queue.payloadOf(index) !== undefined;
  }

  /**
   * Stores a chunk that was verified. Chunks may come in any order; those that are side by side in
   * a file are written together. One that is stored already is not written again.
   *
   * After the first failure nothing more is stored: every later chunk gets the same error.
   *
   * @param payload - kept, and must not change, until `onStored` is called
   * @param onStored - called once, never before this returns: without an error when the chunk is
   *   written, else with disk-full, not-writable, store-failed, or aborted after `abandon`
   * @throws RangeError when there is no such chunk, or the payload has another length than it
   */
  store(index: number, payload: Uint8Array, onStored: StoredListener): void {
    const expected = this.#options.layout.lengthOf(index);
    if (payload.length !== expected) {
      throw new RangeError(`Chunk ${index} has ${expected} bytes, not ${payload.length}`);
    }
    if (this.#stored.has(index)) queueMicrotask(() => onStored());
    else this.#queue.add(index, payload, onStored);
  }

  /**
   * Loads a chunk that was stored or is among the leftovers, also while it is being written, and also after it landed.
   * Chunks asked for in order are read several at a time.
   *
   * @returns bytes that others may share: they must not be changed
   * @throws RangeError when the chunk was not stored
   * @throws store-failed when it cannot be read, aborted after `abandon`
   */
  async load(index: number): Promise<Uint8Array> {
    if (this.#abandoning !== undefined) throw abandoned();
    const pending = this.#queue.payloadOf(index);
    // Once it is written, its owner may use its memory again.
    if (pending !== undefined) return new Uint8Array(pending);
    if (!this.#stored.has(index) && !this.#found.chunks.has(index)) {
      throw new RangeError(`Chunk ${index} was not stored`);
    }
    return await this.#readAhead.read(index);
  }

  /**
   * The stream that is stored has ended: its length is known, and its last chunk may come.
   *
   * @throws RangeError as `ChunkLayout.endStream`
   */
  endStream(totalBytes: number): void {
    const { layout } = this.#options;
    const most = layout.chunkCount;
    layout.endStream(totalBytes);
    this.#missing[0] = (this.#missing[0] as number) - (most - layout.chunkCount);
    this.#stored.truncate(layout.chunkCount);
  }

  /**
   * A chunk of the leftovers has the hash that it should have: it counts as stored.
   *
   * @returns false when it is not there any more
   * @throws not-writable or store-failed when its file, complete now, cannot be finished
   */
  async keep(index: number): Promise<boolean> {
    if (!this.#found.chunks.has(index)) return false;
    const { entry } = this.#options.layout.locate(index);
    const isComplete = this.#noteStored(entry, index, 1);
    if (isComplete && !this.#tree.isStanding(entry)) {
      await this.#files.use(entry, (file) => this.#finish(entry, file));
      this.#files.retire(entry);
    }
    return true;
  }

  /**
   * Waits for all writes, and moves everything to its final name; all of it or nothing. Chunks can
   * be loaded meanwhile and afterwards. Can be called again when it failed.
   *
   * @throws RangeError when a chunk was not stored, or a stream has not ended
   * @throws name-exists when `onConflict` is `fail` and a name was taken in the meantime
   * @throws disk-full, not-writable or store-failed when the operating system refuses, or refused
   *   to store a chunk; aborted after `abandon`
   */
  async land(): Promise<Landed> {
    if (this.#abandoning !== undefined) throw abandoned();
    this.#landing ??= this.#land().catch((error: unknown) => {
      this.#landing = undefined;
      throw error;
    });
    return await this.#landing;
  }

  /**
   * Ends the use of this store, whatever state it is in: closes its files, and removes what has not
   * landed. Idempotent.
   *
   * @throws store-failed when something cannot be removed
   */
  async abandon(): Promise<void> {
    this.#abandoning ??= this.#abandon(false);
    await this.#abandoning;
  }

  /**
   * As {@link ChunkStore.abandon}, but what was stored and has not landed stays in the staging
   * directory, for a later store that `resume`s.
   */
  async suspend(): Promise<void> {
    this.#abandoning ??= this.#abandon(this.#hasStaged);
    await this.#abandoning;
  }

  /** The same as {@link ChunkStore.abandon}: what has landed stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.abandon();
  }

  async #land(): Promise<Landed> {
    const { manifest, layout, onConflict, sync } = this.#options;
    await this.#queue.idle();
    await this.#files.close();
    const failure = this.#queue.failure ?? this.#closeFailure;
    if (failure !== undefined) throw failure;
    const missing = this.#stored.firstClear(0);
    if (missing >= 0) throw new RangeError(`Chunk ${missing} was not stored`);
    if (!this.#hasLanded) {
      if (manifest.isStream === true && layout.chunkCount > 0) await this.#finishCopy(0);
      await this.#staging.pin.check();
      await this.#staging.destination.check();
      for (const entry of this.#found.copied) await this.#finishCopy(entry);
      await this.#tree.gatherStanding((path) => this.#found.isInPlace(path));
      await this.#tree.finishTree(sync);
      const moved = topEntries(manifest).filter(({ name }) => !this.#found.isInPlace(name));
      await this.#move(moved, onConflict);
    }
    const landed = countLanded(manifest, this.#landedAs);
    await this.#tree.restrictDirectories();
    if (sync) await this.#syncDestination();
    await this.#journal?.close();
    // All has landed. What is left behind, if it cannot be removed, is clutter and no failure. What
    // was skipped is still loaded for neighbours.
    if (landed.skipped.length === 0)
      await removeStaging(this.#staging, true).catch(() => undefined);
    return { ...landed, bytes: layout.totalBytes };
  }

  /**
   * Finishes a file that nothing is written to any more: a copy, or a stream, of which it is known
   * later than it is written whether a chunk was its last.
   */
  async #finishCopy(entry: number): Promise<void> {
    const file = await this.#tree.openToWrite(entry);
    try {
      await this.#finish(entry, file);
    } finally {
      await closeFile(file);
    }
  }

  async #finish(entry: number, file: Descriptor): Promise<void> {
    await this.#tree.checkSize(entry, file, this.#options.layout.sizeOf(entry));
    await this.#tree.finishFile(entry, file);
  }

  async #move(entries: readonly TopEntry[], onConflict: OnConflict): Promise<void> {
    let onMoved: () => void = () => undefined;
    this.#moving = new Promise((resolve) => {
      onMoved = resolve;
    });
    try {
      await this.#files.close(); // on Windows an open file keeps its directory where it is
      this.#landedAs = await moveIntoPlace(this.#staging, entries, onConflict);
      this.#tree.setLanded(this.#landedAs);
      this.#hasLanded = true;
    } finally {
      this.#moving = undefined;
      onMoved();
    }
  }

  async #syncDestination(): Promise<void> {
    try {
      await syncDirectory(this.#staging.destination.path);
    } catch (error) {
      throw destinationError(error, "sync", this.directory);
    }
  }

  async #abandon(isKept: boolean): Promise<void> {
    await this.#landing?.catch(() => undefined);
    this.#queue.stop(abandoned());
    await this.#queue.idle();
    this.#isClosed = true;
    await this.#files.close();
    this.#readAhead.clear();
    await this.#journal?.close();
    const { pin, destination } = this.#staging;
    try {
      if (isKept && !this.#hasLanded && this.#journal !== undefined)
        await disown(pin.directory, pin.path);
      else await removeStaging(this.#staging, this.#hasLanded);
    } finally {
      await pin.close();
      await destination.close();
    }
  }

  async #write(run: WriteRun): Promise<void> {
    const { entry, offset, firstChunk, payloads } = run;
    if (this.#tree.isStanding(entry)) {
      await this.#found.replace(entry);
    }
    await this.#files.use(entry, async (file) => {
      await this.#attempt("write", entry, () => writeAll(file, payloads, offset));
      this.#hasStaged = true;
      const length = payloads.reduce((sum, payload) => sum + payload.length, 0);
      this.#journal?.add({ entry, offset, length });
      if (this.#found.forget(firstChunk, payloads.length)) this.#readAhead.clear();
      if (!this.#noteStored(entry, firstChunk, payloads.length)) return;
      if (this.#options.manifest.isStream === true) return;
      // What was written at once cannot have another size than what was written.
      if (payloads.length < this.#options.layout.chunksOf(entry).count) {
        return await this.#finish(entry, file);
      }
      await this.#tree.finishFile(entry, file);
    });
    if (this.#missing[entry] === 0) this.#files.retire(entry);
  }

  /** @returns whether the entry is complete now */
  #noteStored(entry: number, firstChunk: number, count: number): boolean {
    const missing = (this.#missing[entry] as number) - this.#stored.setRun(firstChunk, count);
    this.#missing[entry] = missing;
    return missing === 0;
  }

  async #read({ entry, offset, length }: ChunkPlace): Promise<Uint8Array> {
    const bytes = allocate(length);
    await this.#files.use(entry, (file) =>
      this.#attempt("read", entry, () => readInto(file, bytes, offset)),
    );
    return bytes;
  }

  async #open(entry: number): Promise<Descriptor> {
    await this.#moving;
    await this.#found.settled(entry);
    if (this.#isClosed) throw abandoned();
    const isFinished = this.#missing[entry] === 0 || this.#tree.isStanding(entry);
    return await (isFinished ? this.#tree.openToRead(entry) : this.#tree.openToWrite(entry));
  }

  async #attempt<T>(doing: string, entry: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw destinationError(error, doing, this.#tree.pathOf(entry));
    }
  }

  readonly #noteClose = (entry: number, error: unknown): void => {
    this.#closeFailure ??= destinationError(error, "write", this.#tree.pathOf(entry));
  };

  readonly #toError = (error: unknown): PalmTreeError =>
    destinationError(error, "write to", this.directory);
}

function abandoned(): PalmTreeError {
  return new PalmTreeError("aborted", "The store was abandoned");
}
