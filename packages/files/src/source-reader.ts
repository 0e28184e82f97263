import { constants, fstatSync } from "node:fs";
import { PalmTreeError, SlabPool } from "@palmtree/wire";
import { forEachBounded } from "./bounded.js";
import type { ChunkPlace } from "./core/chunk-layout.js";
import { escapeForTerminal } from "./core/safe-path.js";
import {
  allocate,
  closeFile,
  type Descriptor,
  openFile,
  readInto,
  ShortReadError,
} from "./descriptor.js";
import { isMissing, sourceError } from "./disk-error.js";
import { OPEN_FILE_LIMIT, OpenFiles } from "./open-files.js";
import { ReadAhead } from "./read-ahead.js";
import { sha256 } from "./sha256.js";
import type { ScannedSources } from "./source-scan.js";

/** A chunk as it leaves the source. */
export interface ProducedChunk {
  /**
   * A view of memory that the chunks around it share: it must not be changed. It does not change
   * until it is given back, if it ever is, with {@link SourceReader.release}.
   */
  readonly payload: Uint8Array;
  /** SHA-256 of the payload, 32 bytes. */
  readonly hash: Uint8Array;
}

/** Chunks that are read together, ahead of being asked for. */
interface Block {
  readonly first: number;
  readonly end: number;
  readonly bytes: Promise<Uint8Array>;
  /** The chunk that is produced next, when they are produced in order. */
  next: number;
}

/** One read takes in this much: 64 KiB at a time costs more in system calls than in copying. */
const BLOCK_BYTES = 1024 * 1024;
/** Small files in a block, so that a block of a million empty-ish files is not one. */
const BLOCK_FILES = 128;
/** Files of one block that are read at the same time. */
const READS_AT_ONCE = 4;

/** Not followed if it became a link, not waited for if it became a pipe; neither is on Windows. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Reads the chunks of what was scanned. A file that is not any more what was scanned ends the
 * reading with an error: a mixture of old and new content is never sent as a whole.
 *
 * @example
 * ```ts
 * await using reader = new SourceReader(scanned);
 * const { payload, hash } = await reader.produce(0);
 * ```
 */
export class SourceReader {
  readonly #scanned: ScannedSources;
  readonly #files: OpenFiles;
  readonly #readAhead: ReadAhead;
  readonly #pool = new SlabPool(allocate);
  #block: Block | undefined;
  #nextBlock: Block | undefined;
  #isClosed = false;

  /** @param scanned - kept */
  constructor(scanned: ScannedSources) {
    this.#scanned = scanned;
    this.#files = new OpenFiles(OPEN_FILE_LIMIT, (entry) => this.#open(entry));
    this.#readAhead = new ReadAhead(scanned.layout, {
      read: (place) => this.#read(place),
      has: () => true,
    });
  }

  /**
   * Reads and hashes a chunk, made for calls in order: reads 1 MiB at a time, and the next 1 MiB
   * while the chunks of this one are taken. Hashing is done on the calling thread.
   *
   * @throws RangeError when there is no such chunk
   * @throws source-changed when the file shrank, grew, was changed or went away since the scan,
   *   with the `path`, what was found (`got`) and what was scanned (`expected`)
   * @throws source-unreadable when it cannot be read; aborted after `close`
   */
  async produce(index: number): Promise<ProducedChunk> {
    const { layout } = this.#scanned;
    const length = layout.lengthOf(index);
    const block = this.#blockWith(index);
    const bytes = await block.bytes;
    if (block.next === block.end) return await this.produce(index); // asked for twice
    const from = layout.bytesBefore(index) - layout.bytesBefore(block.first);
    const payload = bytes.subarray(from, from + length);
    this.#lend(block, index, payload, bytes);
    return { payload, hash: sha256(payload) };
  }

  /**
   * Nobody reads a produced payload any more: its memory may be read into again.
   *
   * @param payload - the very array that was produced; any other has no effect
   */
  release(payload: Uint8Array): void {
    this.#pool.release(payload);
  }

  /**
   * Reads a chunk again, in any order; chunks asked for in order are read several at a time.
   *
   * @returns bytes that others may share: they must not be changed
   * @throws as {@link SourceReader.produce}
   */
  async read(index: number): Promise<Uint8Array> {
    return await this.#readAhead.read(index);
  }

  /** Closes all files; what is being read ahead ends, and nothing can be read any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([this.#block?.bytes, this.#nextBlock?.bytes]);
    this.#block = undefined;
    this.#nextBlock = undefined;
    this.#readAhead.clear();
    await this.#files.close();
  }

  /** The same as {@link SourceReader.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #blockWith(index: number): Block {
    const { chunkCount } = this.#scanned.layout;
    const current = this.#block;
    if (current !== undefined && isIn(current, index) && current.next !== current.end)
      return current;
    const isNext = this.#nextBlock !== undefined && isIn(this.#nextBlock, index);
    const block = isNext ? (this.#nextBlock as Block) : this.#startBlock(index);
    this.#block = block;
    this.#nextBlock = block.end < chunkCount ? this.#startBlock(block.end) : undefined;
    return block;
  }

  /** Only a block whose chunks were produced once each, in order, is surely not asked for more. */
  #lend(block: Block, index: number, payload: Uint8Array, bytes: Uint8Array): void {
    this.#pool.lend(payload);
    block.next = index === block.next ? index + 1 : Number.NaN;
    if (block.next === block.end) this.#pool.retire(bytes);
  }

  #startBlock(first: number): Block {
    const { layout } = this.#scanned;
    const places: ChunkPlace[] = [];
    let end = first;
    let size = 0;
    while (end < layout.chunkCount) {
      const { entry, offset, length } = layout.locate(end);
      if (end > first && size + length > BLOCK_BYTES) break;
      const last = places.at(-1);
      if (last?.entry === entry) {
        places[places.length - 1] = { ...last, length: last.length + length };
      } else {
        if (places.length === BLOCK_FILES) break;
        places.push({ entry, offset, length });
      }
      size += length;
      end += 1;
    }
    const bytes = this.#readPlaces(places, size);
    bytes.catch(() => undefined); // whoever asks for a chunk of it is told
    return { first, end, bytes, next: first };
  }

  /** Reads parts of several files into one piece of memory, one after the other. */
  async #readPlaces(places: readonly ChunkPlace[], size: number): Promise<Uint8Array> {
    const bytes = size === BLOCK_BYTES ? this.#pool.take(size) : allocate(size);
    let start = 0;
    const targets = places.map(({ length }) => {
      start += length;
      return bytes.subarray(start - length, start);
    });
    await forEachBounded(places.length, READS_AT_ONCE, async (index) => {
      await this.#fill(targets[index] as Uint8Array, places[index] as ChunkPlace);
    });
    return bytes;
  }

  async #read(place: ChunkPlace): Promise<Uint8Array> {
    const bytes = allocate(place.length);
    await this.#fill(bytes, place);
    return bytes;
  }

  async #fill(target: Uint8Array, { entry, offset, length }: ChunkPlace): Promise<void> {
    if (this.#isClosed) throw new PalmTreeError("aborted", "The reader was closed");
    const size = this.#sizeOf(entry);
    const isEnd = offset + length === size;
    try {
      await this.#files.use(entry, async (file) => {
        await readInto(file, target, offset);
        if (isEnd) this.#check(entry, file);
      });
    } catch (error) {
      if (error instanceof ShortReadError) throw this.#changed(entry, error.sizeBytes, size);
      if (isMissing(error))
        throw this.#changedFrom(entry, { got: "gone", expected: `${size} bytes` });
      throw sourceError(error, this.#scanned.pathOf(entry), "source-changed");
    }
    if (isEnd) this.#files.retire(entry);
  }

  async #open(entry: number): Promise<Descriptor> {
    const file = await openFile(this.#scanned.pathOf(entry), OPEN_FLAGS);
    // A small file is read at once, and checked when it was; a large one would be read in vain.
    if (this.#sizeOf(entry) <= BLOCK_BYTES) return file;
    try {
      this.#check(entry, file);
      return file;
    } catch (error) {
      await closeFile(file);
      throw error;
    }
  }

  /** Checks that a file is what was scanned. The system knows this of a file that is open. */
  #check(entry: number, file: Descriptor): void {
    const { size, mtimeMs } = fstatSync(file);
    const expectedSize = this.#sizeOf(entry);
    if (size !== expectedSize) throw this.#changed(entry, size, expectedSize);
    const expectedTime = this.#scanned.modifiedMs[entry] as number;
    if (mtimeMs === expectedTime) return;
    throw this.#changedFrom(entry, {
      got: new Date(mtimeMs).toISOString(),
      expected: new Date(expectedTime).toISOString(),
    });
  }

  #changed(entry: number, gotBytes: number, expectedBytes: number): PalmTreeError {
    return this.#changedFrom(entry, {
      got: `${gotBytes} bytes`,
      expected: `${expectedBytes} bytes`,
    });
  }

  #changedFrom(
    entry: number,
    { got, expected }: { readonly got: string; readonly expected: string },
  ): PalmTreeError {
    const path = this.#scanned.pathOf(entry);
    const message = `${escapeForTerminal(path)} changed: it was ${expected}, it is ${got}`;
    return new PalmTreeError("source-changed", message, { facts: { path, got, expected } });
  }

  #sizeOf(entry: number): number {
    return this.#scanned.layout.sizeOf(entry);
  }
}

function isIn({ first, end }: Block, index: number): boolean {
  return first <= index && index < end;
}
