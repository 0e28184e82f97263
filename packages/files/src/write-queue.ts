import type { PalmTreeError } from "@palmtree/wire";
import type { ChunkLayout } from "./core/chunk-layout.js";

/** Chunks of one file, side by side, that are written at once. */
export interface WriteRun {
  readonly entry: number;
  /** Bytes of the file before the run. */
  readonly offset: number;
  readonly firstChunk: number;
  /** The chunks' bytes, in order. */
  readonly payloads: readonly Uint8Array[];
}

/** Told once a chunk is on its way to the disk no more: written, or why not. */
export type StoredListener = (error?: PalmTreeError) => void;

interface Waiting {
  readonly payload: Uint8Array;
  readonly listeners: StoredListener[];
}

/** A run grows up to this size: awaited writes of 64 KiB reach a ninth of the speed. */
const RUN_BYTES = 1024 * 1024;
/** Buffers that one system call takes. */
const RUN_CHUNKS = 1024;
/** A write is worth the way to another thread and back, and a second one beside it, from this size on ... */
const GATHERED_BYTES = 256 * 1024;
/** ... and in any case when the oldest chunk has waited so long, or the write before it ended so long ago. */
const GATHER_MS = 25;
const WRITES_AT_ONCE = 2;
/** Ends of files are mostly small files: more of them at once, but not all of libuv's threads. */
const FILE_ENDS_AT_ONCE = 3;

/** What a {@link WriteQueue} needs. */
export interface WriteQueueOptions {
  /** Writes a run; after its first failure nothing more is written. */
  readonly write: (run: WriteRun) => Promise<void>;
  /** Makes what `write` threw into the error that listeners are told. */
  readonly toError: (error: unknown) => PalmTreeError;
  /** Chunks that are not written yet, those that have not come among them. */
  readonly lacking: () => number;
}

/**
 * Gathers chunks into large writes. A slow link brings a chunk in ten milliseconds: a write for each of
 * them, and for its journal entry, goes to another thread and back, which cost a fifth of the CPU time.
 *
 * So chunks wait until there are 256 KiB, for 25 ms at most from the last write on; not where one ends a
 * file, or nothing more is lacking. Once it is time, all that waits is written. While a write is under
 * way, what comes is gathered for the next one, so runs are long also where the disk is slower than the
 * network. A second write runs beside the first only where it is large, a second and third where ends of
 * files have come.
 */
export class WriteQueue {
  readonly #layout: ChunkLayout;
  readonly #options: WriteQueueOptions;
  /** Chunks to write, in order of arrival. */
  readonly #waiting: Map<number, Waiting> = new Map();
  readonly #writing: Map<number, Waiting> = new Map();
  #waitingBytes = 0;
  /** Waiting chunks that are the last of their file. */
  #waitingEnds = 0;
  #writingBytes = 0;
  #writes = 0;
  #isScheduled = false;
  /** Whether what waits has been gathered for long enough. */
  #isDue = false;
  #timer: NodeJS.Timeout | undefined;
  #failure: PalmTreeError | undefined;
  #onIdle: (() => void)[] = [];

  constructor(layout: ChunkLayout, options: WriteQueueOptions) {
    this.#layout = layout;
    this.#options = options;
  }

  /** Bytes that were added and are not written yet. */
  get pendingBytes(): number {
    return this.#waitingBytes + this.#writingBytes;
  }

  /** Why nothing is written any more. */
  get failure(): PalmTreeError | undefined {
    return this.#failure;
  }

  /** The bytes of a chunk that is not written yet. */
  payloadOf(index: number): Uint8Array | undefined {
    return (this.#waiting.get(index) ?? this.#writing.get(index))?.payload;
  }

  /** Adds a chunk; the payload is kept, and must not change, until `onStored` is called. */
  add(index: number, payload: Uint8Array, onStored: StoredListener): void {
    if (this.#failure !== undefined) {
      const failure = this.#failure;
      queueMicrotask(() => onStored(failure));
      return;
    }
    const earlier = this.#waiting.get(index) ?? this.#writing.get(index);
    if (earlier !== undefined) {
      earlier.listeners.push(onStored);
      return;
    }
    this.#waiting.set(index, { payload, listeners: [onStored] });
    this.#waitingBytes += payload.length;
    if (this.#endsFile(index)) this.#waitingEnds += 1;
    if (this.#writes === 0) this.#schedule();
    else this.#beginMore();
  }

  /** Resolves when nothing waits and no write is under way, after a failure too. */
  async idle(): Promise<void> {
    if (this.#waiting.size === 0 && this.#writes === 0) return;
    if (this.#waiting.size > 0) this.#expire();
    await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  /** Writes nothing more; what waits is told `error`. Writes under way go on: see `idle`. */
  stop(error: PalmTreeError): void {
    this.#failure ??= error;
    const failure = this.#failure;
    const dropped = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#waitingBytes = 0;
    this.#waitingEnds = 0;
    this.#rest();
    for (const { listeners } of dropped) for (const tell of listeners) tell(failure);
    this.#tellIdle();
  }

  #endsFile(index: number): boolean {
    const { first, count } = this.#layout.chunksOf(this.#layout.entryOf(index));
    return index === first + count - 1;
  }

  /** Whether what waits is to be written now. */
  get #isReady(): boolean {
    if (this.#isDue || this.#waitingEnds > 0 || this.#waitingBytes >= GATHERED_BYTES) return true;
    return this.#waiting.size + this.#writing.size >= this.#options.lacking();
  }

  /** Nothing waits: what comes next is gathered anew. */
  #rest(): void {
    this.#isDue = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** What waits has been gathered for long enough. */
  #expire(): void {
    this.#isDue = true;
    this.#schedule();
  }

  /**
   * Begins a write when the events of this turn of the event loop have been handled, or when enough is
   * gathered.
   */
  #schedule(): void {
    if (this.#isScheduled) return;
    if (!this.#isReady) {
      this.#timer ??= setTimeout(() => this.#expire(), GATHER_MS);
      return;
    }
    this.#isDue = true;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (this.#writes === 0) this.#begin();
      this.#beginMore();
    });
  }

  /** Begins writes beside those under way, where they are worth it. */
  #beginMore(): void {
    while (this.#writes > 0 && this.#waiting.size > 0) {
      const isLarge = this.#waitingBytes >= GATHERED_BYTES && this.#writes < WRITES_AT_ONCE;
      const isEnd = this.#waitingEnds > 0 && this.#writes < FILE_ENDS_AT_ONCE;
      if (!isLarge && !isEnd) return;
      this.#begin();
    }
  }

  #begin(): void {
    const [oldest] = this.#waiting.keys();
    if (oldest === undefined) return;
    this.#writes += 1;
    void this.#perform(this.#takeRun(oldest));
  }

  /** Takes `index` and its neighbours in the same file out of what waits. */
  #takeRun(index: number): WriteRun {
    const { entry } = this.#layout.locate(index);
    const range = this.#layout.chunksOf(entry);
    let first = index;
    let end = index + 1;
    let bytes = this.#waiting.get(index)?.payload.length ?? 0;
    const grow = (neighbour: number): boolean => {
      const size = this.#waiting.get(neighbour)?.payload.length;
      if (size === undefined || bytes + size > RUN_BYTES || end - first >= RUN_CHUNKS) return false;
      bytes += size;
      return true;
    };
    while (end < range.first + range.count && grow(end)) end += 1;
    while (first > range.first && grow(first - 1)) first -= 1;
    const payloads: Uint8Array[] = [];
    for (let chunk = first; chunk < end; chunk += 1) {
      const taken = this.#waiting.get(chunk) as Waiting;
      this.#waiting.delete(chunk);
      this.#writing.set(chunk, taken);
      payloads.push(taken.payload);
    }
    if (this.#endsFile(end - 1)) this.#waitingEnds -= 1;
    this.#waitingBytes -= bytes;
    this.#writingBytes += bytes;
    if (this.#waiting.size === 0) this.#rest();
    return { entry, offset: this.#layout.locate(first).offset, firstChunk: first, payloads };
  }

  async #perform(run: WriteRun): Promise<void> {
    let failure: PalmTreeError | undefined;
    try {
      await this.#options.write(run);
    } catch (error) {
      failure = this.#options.toError(error);
    }
    this.#writes -= 1;
    const written: Waiting[] = [];
    for (const [place, payload] of run.payloads.entries()) {
      const index = run.firstChunk + place;
      written.push(this.#writing.get(index) as Waiting);
      this.#writing.delete(index);
      this.#writingBytes -= payload.length;
    }
    if (failure !== undefined) this.stop(failure);
    else if (this.#waiting.size > 0) this.#schedule();
    for (const { listeners } of written) for (const tell of listeners) tell(failure);
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#waiting.size > 0 || this.#writes > 0) return;
    const resolvers = this.#onIdle;
    this.#onIdle = [];
    for (const resolve of resolvers) resolve();
  }
}
