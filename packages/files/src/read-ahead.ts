import type { ChunkLayout, ChunkPlace } from "./core/chunk-layout.js";

/** What one read takes in when chunks are asked for in order: guess. */
const AHEAD_BYTES = 512 * 1024;
/** Readers that may each be somewhere else in the content: guess, twice the usual fanout. */
const RUN_LIMIT = 8;

/** Chunks of one file that were read at once. */
interface Run {
  readonly first: number;
  readonly end: number;
  readonly bytes: Promise<Uint8Array>;
}

/** Where a {@link ReadAhead} gets its bytes. */
export interface ReadAheadSource {
  /** Reads from one file; fails rather than read less. */
  readonly read: (place: ChunkPlace) => Promise<Uint8Array>;
  /** Whether a chunk may be read before it is asked for. */
  readonly has: (index: number) => boolean;
}

/**
 * Reads single chunks, and more than one at a time where they are asked for in order, by up to
 * eight readers at different places. Keeps at most 4 MiB, or 8 chunks if those are more.
 */
export class ReadAhead {
  readonly #layout: ChunkLayout;
  readonly #source: ReadAheadSource;
  /** What was read last, the one that was used longest ago first. */
  #runs: Run[] = [];

  constructor(layout: ChunkLayout, source: ReadAheadSource) {
    this.#layout = layout;
    this.#source = source;
  }

  /** The bytes of a chunk: a view that others may share, so it must not be changed. */
  async read(index: number): Promise<Uint8Array> {
    const run = this.#find(index) ?? this.#start(index);
    const { entry, offset, length } = this.#layout.locate(index);
    try {
      const bytes = await run.bytes;
      const from = offset - this.#layout.locate(run.first).offset;
      return bytes.subarray(from, from + length);
    } catch (error) {
      this.#runs = this.#runs.filter((other) => other !== run);
      if (run.end - run.first === 1) throw error;
      return await this.#source.read({ entry, offset, length }); // a neighbour may be to blame
    }
  }

  /** Forgets what was read. */
  clear(): void {
    this.#runs = [];
  }

  #find(index: number): Run | undefined {
    const run = this.#runs.find(({ first, end }) => first <= index && index < end);
    if (run !== undefined) this.#runs = [...this.#runs.filter((other) => other !== run), run];
    return run;
  }

  /** Reads from `index` on: further than that only if what is before it was asked for. */
  #start(index: number): Run {
    const before = this.#runs.find(({ end }) => end === index);
    const end = before === undefined ? index + 1 : this.#endOfRun(index);
    const place = this.#layout.locate(index);
    const length = this.#layout.bytesBefore(end) - this.#layout.bytesBefore(index);
    const bytes = this.#source.read({ entry: place.entry, offset: place.offset, length });
    bytes.catch(() => undefined); // whoever awaits it is told
    const run = { first: index, end, bytes };
    const kept = this.#runs.filter((other) => other !== before);
    this.#runs = [...kept.slice(kept.length < RUN_LIMIT ? 0 : 1), run];
    return run;
  }

  #endOfRun(index: number): number {
    const { first, count } = this.#layout.chunksOf(this.#layout.entryOf(index));
    const chunksAhead = Math.max(1, Math.floor(AHEAD_BYTES / this.#layout.chunkSizeBytes));
    const limit = Math.min(first + count, index + chunksAhead);
    let end = index + 1;
    while (end < limit && this.#source.has(end)) end += 1;
    return end;
  }
}
