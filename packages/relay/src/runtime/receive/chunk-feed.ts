import type { FileProgress } from "./file-items.js";

/** Chunks that wait for a slow reader; what comes beyond that drops the oldest. */
const mostWaiting = 1_024;

/** How much of something is here. */
export interface ReceivedPart {
  readonly bytesReceived: number;
  /** Of the whole; undefined as long as it is a stream that has not ended. */
  readonly sizeBytes: number | undefined;
}

/** A chunk that was verified and is on this machine's disk, in staging. */
export interface ReceivedChunk {
  /** The file that it belongs to, relative to the directory. */
  readonly path: string;
  /** Bytes of the file before the chunk. */
  readonly offset: number;
  /** Bytes in the chunk. */
  readonly length: number;
  /** Of the file, when the chunk was stored. */
  readonly file: ReceivedPart;
  /** Of the transfer, when the chunk was stored. */
  readonly total: ReceivedPart;
  /** Chunks before this one that this reader was too slow for; they are received all the same. */
  readonly missedChunks: number;
}

interface Waiting {
  readonly chunk: number;
  readonly fileBytes: number;
  readonly totalBytes: number;
}

/** What one reader of received chunks still has to be told. */
export class ChunkFeed {
  readonly #progress: () => FileProgress | undefined;
  #waiting: Waiting[] = [];
  /** Where in `#waiting` the oldest is; what is before it is gone. */
  #first = 0;
  #missed = 0;
  #hasEnded = false;
  #wake: (() => void) | undefined;

  constructor(progress: () => FileProgress | undefined) {
    this.#progress = progress;
  }

  push(waiting: Waiting): void {
    if (this.#hasEnded) return;
    this.#waiting.push(waiting);
    if (this.#waiting.length - this.#first > mostWaiting) {
      this.#first += 1;
      this.#missed += 1;
    }
    if (this.#first >= mostWaiting) this.#compact();
    this.#wake?.();
  }

  /** Nothing more will be received; what waits is still delivered. */
  end(): void {
    this.#hasEnded = true;
    this.#wake?.();
  }

  /** The next chunk, undefined when no more will come. One reader only. */
  async next(): Promise<ReceivedChunk | undefined> {
    while (this.#first === this.#waiting.length && !this.#hasEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const oldest = this.#waiting[this.#first];
    const progress = this.#progress();
    if (oldest === undefined || progress === undefined) return undefined;
    this.#first += 1;
    const missedChunks = this.#missed;
    this.#missed = 0;
    return describe(oldest, progress, missedChunks);
  }

  #compact(): void {
    this.#waiting = this.#waiting.slice(this.#first);
    this.#first = 0;
  }
}

function describe(waiting: Waiting, progress: FileProgress, missedChunks: number): ReceivedChunk {
  const { entry, offset, length } = progress.layout.locate(waiting.chunk);
  return {
    path: progress.pathOf(entry),
    offset,
    length,
    file: { bytesReceived: waiting.fileBytes, sizeBytes: progress.sizeOf(entry) },
    total: { bytesReceived: waiting.totalBytes, sizeBytes: progress.totalBytes },
    missedChunks,
  };
}
