import type { Readable } from "node:stream";
import { PalmTreeError, SlabPool } from "@palmtree/wire";
import {
  ChunkLayout,
  type ChunkPlace,
  checkChunkSize,
  streamChunkSizeBytes,
} from "./core/chunk-layout.js";
import { encodeManifest, type Manifest } from "./core/manifest.js";
import { checkPath, escapeForTerminal } from "./core/safe-path.js";
import { allocate } from "./descriptor.js";
import { systemCode } from "./disk-error.js";
import { ReadAhead } from "./read-ahead.js";
import { sha256 } from "./sha256.js";
import type { ProducedChunk } from "./source-reader.js";
import type { DescribedSources } from "./source-scan.js";
import { Spool } from "./spool.js";

/** Something to send whose length nobody knows before its end. */
export interface NamedStream {
  /** Read only as fast as its chunks are asked for. Bytes, not text and not objects. */
  readonly stream: Readable;
  /** What it lands as: one safe component of a path. */
  readonly name: string;
}

/** Options of {@link StreamSource.open}. */
export interface StreamSourceOptions {
  /** 1 KiB to 16 MiB. Default 256 KiB: `streamChunkSizeBytes`. */
  readonly chunkSizeBytes?: number;
  /** A directory for what was sent already, as large as the stream in the end. */
  readonly spoolDirectory: string;
}

/** What is on its way into the spool. */
interface SpoolWrite {
  readonly index: number;
  readonly payload: Uint8Array;
  readonly done: Promise<void>;
  isOver: boolean;
  /** Whether everybody else is done with the payload. */
  isReleased: boolean;
}

/** Chunks are put together in memory of this size: fresh memory costs page faults. */
const SLAB_BYTES = 1024 * 1024;

/**
 * Cuts a stream into chunks while it comes. A stream cannot be read again, so each chunk is also
 * written to a file that has no name (on Windows: until the source is closed), from which it is read
 * when somebody asks for it later.
 *
 * @example
 * ```ts
 * const tar = { stream: process.stdin, name: "build.tar" };
 * await using source = await StreamSource.open(tar, { spoolDirectory: tmpdir() });
 * const chunk = await source.produce(0); // undefined: there is none
 * ```
 */
export class StreamSource implements AsyncDisposable {
  /** What is to be sent: one file, a stream. Its layout learns the length when the stream ends. */
  readonly described: DescribedSources;
  readonly #named: NamedStream;
  readonly #spool: Spool;
  readonly #pieces: AsyncIterator<unknown>;
  readonly #pool = new SlabPool(allocate);
  readonly #readAhead: ReadAhead;
  #slab: Uint8Array | undefined;
  #slabUsed = 0;
  /** What the stream gave beyond the last chunk. */
  #rest: Uint8Array = new Uint8Array(0);
  #writing: SpoolWrite | undefined;
  #produced = 0;
  #totalBytes = 0;
  #error: unknown;
  #closing: Promise<void> | undefined;

  private constructor(named: NamedStream, chunkSizeBytes: number, spool: Spool) {
    const { name, stream } = named;
    this.#named = named;
    this.#spool = spool;
    this.described = describeStream(name, chunkSizeBytes);
    this.#pieces = stream[Symbol.asyncIterator]();
    // While nobody reads it, nobody else would hear of it; unheard it would end the process.
    stream.on("error", (error) => {
      this.#error ??= error;
    });
    this.#readAhead = new ReadAhead(this.described.layout, {
      read: (place) => this.#read(place),
      has: (index) => index < this.#produced && index !== this.#writing?.index,
    });
  }

  /**
   * Checks the name, and makes the file for what is sent. Reads nothing yet.
   *
   * @throws RangeError for a chunk size out of its range
   * @throws name-unsafe when the name is not one safe component of a path
   * @throws not-writable, disk-full or store-failed when the spool cannot be made
   */
  static async open(named: NamedStream, options: StreamSourceOptions): Promise<StreamSource> {
    const problem = checkFileName(named.name);
    if (problem !== undefined) throw unsafeName(named.name, problem);
    const { chunkSizeBytes = streamChunkSizeBytes, spoolDirectory } = options;
    checkChunkSize(chunkSizeBytes);
    return new StreamSource(named, chunkSizeBytes, await Spool.open(spoolDirectory));
  }

  /**
   * The next chunk; waits for as much of the stream as it takes. Chunks are asked for in order, one
   * at a time. Only the last one is shorter than the chunk size.
   *
   * @returns undefined when the stream has ended before that chunk: from then on the layout knows
   * @throws source-unreadable when the stream fails, or gives something else than bytes
   * @throws limit-exceeded when there are more than 2^24 chunks
   * @throws disk-full, not-writable or store-failed when what was sent cannot be kept; aborted
   *   after `close`
   */
  async produce(index: number): Promise<ProducedChunk | undefined> {
    const { layout } = this.described;
    if (index !== this.#produced) throw new RangeError(`Chunk ${index} is not the next one`);
    if (!layout.isOpen) return undefined;
    const payload = await this.#fill(this.#nextPlace(layout.chunkSizeBytes));
    await this.#writing?.done;
    if (this.#closing !== undefined) throw closed();
    this.#totalBytes += payload.length;
    if (payload.length === 0) {
      layout.endStream(this.#totalBytes);
      return undefined;
    }
    if (index >= layout.chunkCount) throw tooLong(layout);
    this.#produced += 1;
    this.#lend(payload);
    this.#keep(index, payload);
    return { payload, hash: sha256(payload) };
  }

  /** As `SourceReader.release`. */
  release(payload: Uint8Array): void {
    if (this.#writing?.payload === payload && !this.#writing.isOver)
      this.#writing.isReleased = true;
    else this.#pool.release(payload);
  }

  /**
   * Reads a chunk again, in any order.
   *
   * @returns bytes that others may share: they must not be changed
   * @throws RangeError when it was not produced
   * @throws store-failed when it cannot be read; as {@link StreamSource.produce} when it was not kept
   */
  async read(index: number): Promise<Uint8Array> {
    if (index >= this.#produced) throw new RangeError(`Chunk ${index} was not produced`);
    if (this.#writing?.index === index) await this.#writing.done;
    return await this.#readAhead.read(index);
  }

  /** Ends the stream, whatever is left of it, and removes what was kept. May be called twice. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  /** The same as {@link StreamSource.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#named.stream.destroy();
    await this.#writing?.done.catch(() => undefined);
    this.#readAhead.clear();
    await this.#spool.close();
  }

  /** Memory for the next chunk. */
  #nextPlace(chunkSizeBytes: number): Uint8Array {
    const isFull = this.#slab !== undefined && this.#slabUsed + chunkSizeBytes > this.#slab.length;
    if (this.#slab === undefined || isFull) {
      if (this.#slab !== undefined) this.#pool.retire(this.#slab);
      this.#slab = this.#pool.take(Math.max(SLAB_BYTES, chunkSizeBytes));
      this.#slabUsed = 0;
    }
    return this.#slab.subarray(this.#slabUsed, this.#slabUsed + chunkSizeBytes);
  }

  #lend(payload: Uint8Array): void {
    this.#slabUsed += payload.length;
    this.#pool.lend(payload);
  }

  /** Fills `target` out of the stream, less of it only where the stream ends. */
  async #fill(target: Uint8Array): Promise<Uint8Array> {
    let filled = 0;
    while (filled < target.length) {
      if (this.#rest.length === 0) this.#rest = await this.#nextPiece();
      if (this.#rest.length === 0) return target.subarray(0, filled);
      const piece = this.#rest.subarray(0, target.length - filled);
      target.set(piece, filled);
      filled += piece.length;
      this.#rest = this.#rest.subarray(piece.length);
    }
    return target;
  }

  /** What the stream gives next; nothing when it has ended. */
  async #nextPiece(): Promise<Uint8Array> {
    for (;;) {
      const { value, done } = await this.#ask();
      if (done === true) return new Uint8Array(0);
      if (!(value instanceof Uint8Array)) throw this.#unreadable(`it gave a ${typeof value}`);
      if (value.length > 0) return value;
    }
  }

  async #ask(): Promise<IteratorResult<unknown>> {
    try {
      if (this.#error !== undefined) throw this.#error;
      return await this.#pieces.next();
    } catch (error) {
      if (this.#closing !== undefined) throw closed();
      throw this.#unreadable(systemCode(error) ?? String(error), error);
    }
  }

  /** Writes a chunk to the spool while the next one is awaited. */
  #keep(index: number, payload: Uint8Array): void {
    const { chunkSizeBytes } = this.described.layout;
    const done = this.#spool.write(payload, index * chunkSizeBytes).then(() => {
      writing.isOver = true;
      if (writing.isReleased) this.#pool.release(payload);
    });
    done.catch(() => undefined); // whoever asks for the next chunk is told
    const writing: SpoolWrite = { index, payload, done, isOver: false, isReleased: false };
    this.#writing = writing;
  }

  async #read({ offset, length }: ChunkPlace): Promise<Uint8Array> {
    if (this.#closing !== undefined) throw closed();
    return await this.#spool.read(offset, length);
  }

  #unreadable(why: string, cause?: unknown): PalmTreeError {
    const { name } = this.#named;
    const message = `Cannot read the stream ${escapeForTerminal(name)}: ${why}`;
    return new PalmTreeError("source-unreadable", message, { facts: { name }, cause });
  }
}

/** Why a stream cannot land under that name, if it cannot: it has to be one component of a path. */
export function checkFileName(name: string): string | undefined {
  return name.includes("/") ? `${escapeForTerminal(name)} has a "/" in it` : checkPath(name);
}

/** One file of unknown length, of now. */
function describeStream(name: string, chunkSizeBytes: number): DescribedSources {
  const modifiedMs = Date.now();
  const manifest: Manifest = {
    name,
    chunkSizeBytes,
    entries: [{ path: name, kind: "file", sizeBytes: 0, mode: 0o644, modifiedMs }],
    isStream: true,
  };
  const manifestBytes = encodeManifest(manifest);
  return {
    manifest,
    manifestBytes,
    manifestHash: sha256(manifestBytes),
    layout: new ChunkLayout(manifest),
    skipped: [],
  };
}

function unsafeName(name: string, problem: string): PalmTreeError {
  const message = `${escapeForTerminal(name)} is no name for a file: ${problem}`;
  return new PalmTreeError("name-unsafe", message, { facts: { name, problem } });
}

function tooLong({ chunkCount, chunkSizeBytes }: ChunkLayout): PalmTreeError {
  const message = `The stream is longer than ${chunkCount} chunks of ${chunkSizeBytes} bytes`;
  return new PalmTreeError("limit-exceeded", message, {
    facts: { limit: chunkCount, chunkSizeBytes },
  });
}

function closed(): PalmTreeError {
  return new PalmTreeError("aborted", "The stream was closed");
}
