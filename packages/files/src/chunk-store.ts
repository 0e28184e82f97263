import { PalmTreeError } from "@palmtree/wire";
import type { ChunkStoreOptions, Landed } from "./chunk-store-options.js";
import type { Bitmap } from "./core/bitmap.js";
import { StoredChunks } from "./core/stored-chunks.js";
import { destinationError } from "./disk-error.js";
import { EntryFiles } from "./entry-files.js";
import { Lander } from "./lander.js";
import { ReadAhead } from "./read-ahead.js";
import { type FoundContent, findContent } from "./resume/found-content.js";
import { FoundFiles } from "./resume/found-files.js";
import { JournalFile } from "./resume/journal-file.js";
import { disown } from "./resume/owner.js";
import { StagedTree } from "./staged-tree.js";
import { removeStaging, type Staging } from "./staging.js";
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
  readonly #stored: StoredChunks;
  readonly #found: FoundFiles;
  readonly #files: EntryFiles;
  readonly #queue: WriteQueue;
  readonly #readAhead: ReadAhead;
  readonly #lander: Lander;
  readonly #journal: JournalFile | undefined;
  /** Whether something is in the staged content that a later session could use. */
  #hasStaged: boolean;
  #landing: Promise<Landed> | undefined;
  /** Nothing is left of the staging directory. */
  #isCleared = false;
  #abandoning: Promise<void> | undefined;

  private constructor(options: ChunkStoreOptions, staging: Staging, found: FoundContent) {
    const { manifest, layout, resume } = options;
    this.#options = options;
    this.#staging = staging;
    const tree = new StagedTree(manifest, staging, found);
    this.#tree = tree;
    const stored = new StoredChunks(layout);
    this.#stored = stored;
    this.#found = new FoundFiles(found, {
      ...options,
      tree,
      destination: staging.destination.directory,
      retire: (entry) => this.#files.retire(entry),
      missingOf: (entry) => stored.missingOf(entry),
    });
    this.#files = new EntryFiles({
      layout,
      tree,
      stored,
      settled: (entry) => this.#found.settled(entry),
    });
    this.#hasStaged = found.pieces.length > 0;
    if (resume !== undefined)
      this.#journal = new JournalFile(staging.journal, { ...resume, pieces: found.pieces });
    this.#queue = new WriteQueue(layout, {
      write: (run) => this.#write(run),
      toError: this.#toError,
      lacking: () => stored.missingCount,
    });
    this.#readAhead = new ReadAhead(layout, {
      read: (place) => this.#files.read(place),
      has: (index) => stored.has(index) || this.#found.chunks.has(index),
    });
    this.#lander = new Lander({
      ...options,
      staging,
      tree,
      files: this.#files,
      found: this.#found,
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
    this.#options.layout.endStream(totalBytes);
    this.#stored.endStream();
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
    const isComplete = this.#stored.add(entry, index, 1);
    if (isComplete && !this.#tree.isStanding(entry)) {
      await this.#files.finish(entry);
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
    await this.#queue.idle();
    await this.#files.close();
    const failure = this.#queue.failure ?? this.#files.closeFailure;
    if (failure !== undefined) throw failure;
    const missing = this.#stored.firstMissing;
    if (missing >= 0) throw new RangeError(`Chunk ${missing} was not stored`);
    const landed = await this.#lander.land();
    await this.#journal?.close();
    // All has landed. What is left behind, if it cannot be removed, is clutter and no failure. What
    // was skipped is still loaded for neighbours.
    if (landed.skipped.length === 0) await this.#clear(true).catch(() => undefined);
    return landed;
  }

  async #abandon(isKept: boolean): Promise<void> {
    await this.#landing?.catch(() => undefined);
    const reason = abandoned();
    this.#queue.stop(reason);
    await this.#queue.idle();
    await this.#files.end(reason);
    this.#readAhead.clear();
    await this.#journal?.close();
    const { pin, destination } = this.#staging;
    const { hasLanded } = this.#lander;
    try {
      if (isKept && !hasLanded && this.#journal !== undefined)
        await disown(pin.directory, pin.path);
      else if (!this.#isCleared) await this.#clear(hasLanded);
    } finally {
      await pin.close();
      await destination.close();
    }
  }

  async #clear(hasLanded: boolean): Promise<void> {
    await removeStaging(this.#staging, hasLanded);
    this.#isCleared = true;
  }

  async #write(run: WriteRun): Promise<void> {
    const { entry, offset, firstChunk, payloads } = run;
    if (this.#tree.isStanding(entry)) {
      await this.#found.replace(entry);
    }
    await this.#files.write(run, async (file) => {
      this.#hasStaged = true;
      const length = payloads.reduce((sum, payload) => sum + payload.length, 0);
      this.#journal?.add({ entry, offset, length });
      if (this.#found.forget(firstChunk, payloads.length)) this.#readAhead.clear();
      if (!this.#stored.add(entry, firstChunk, payloads.length)) return;
      if (this.#options.manifest.isStream === true) return;
      // What was written at once cannot have another size than what was written.
      if (payloads.length < this.#options.layout.chunksOf(entry).count) {
        return await this.#files.finishOpen(entry, file);
      }
      await this.#tree.finishFile(entry, file);
    });
    if (this.#stored.isComplete(entry)) this.#files.retire(entry);
  }

  readonly #toError = (error: unknown): PalmTreeError =>
    destinationError(error, "write to", this.directory);
}

function abandoned(): PalmTreeError {
  return new PalmTreeError("aborted", "The store was abandoned");
}
