import { hashBytes, type SessionId } from "@palmtree/wire";
import type { Context } from "../context.js";
import type { Content } from "./content.js";
import { Statements } from "./statements.js";

/** A stream that gave nothing for this long made its receivers wait. */
const pauseMs = 1_000;

/**
 * The root's source: reads and hashes each chunk once, in order, a little ahead of the child
 * that is furthest. Sending starts with the first page, however large the whole is; a chunk is
 * held, and so may be sent, once the hashes of its page are known.
 *
 * Of a stream the last page, if it is not a full one of full chunks, is held once the seal is known,
 * since nobody else can know before that its chunks are as many and as long as they should be.
 */
export class Production {
  readonly #context: Context;
  readonly #content: Content;
  readonly #statements: Statements;
  #asked = 0;
  #produced = 0;
  #heldAt = Number.NEGATIVE_INFINITY;
  #page: Uint8Array | undefined;
  /** Bytes of a stream that has ended. */
  #endedBytes: number | undefined;
  #isFinished = false;

  constructor(context: Context, content: Content, session: SessionId) {
    this.#context = context;
    this.#content = content;
    this.#statements = new Statements(context, session);
  }

  /** Ask for chunks so that the leading child never waits, and no further than the ring reaches. */
  advance(leadingCursor: number | undefined): void {
    const { chunkCount, isOpen } = this.#content;
    if (chunkCount === 0) {
      this.#finish();
      return;
    }
    if (leadingCursor === undefined) return;
    const { ringChunks, pages } = this.#content;
    const { perPage } = pages;
    const reach = Math.max(ringChunks - perPage, perPage);
    // A stream of as many chunks as there may be ends at the one behind them.
    const mostEnd = isOpen ? chunkCount + 1 : chunkCount;
    this.#askUpTo(Math.min(mostEnd, ceilTo(leadingCursor + reach, perPage)));
  }

  #askUpTo(end: number): void {
    for (; this.#asked < end; this.#asked += 1)
      this.#context.emit({ type: "produce-chunk", index: this.#asked });
  }

  onProduced(index: number, hash: Uint8Array, payload: Uint8Array): void {
    const { pages, ring } = this.#content;
    const page = pages.pageOf(index);
    const first = page * pages.perPage;
    this.#page ??= new Uint8Array(pages.lengthOf(page) * hashBytes);
    this.#page.set(hash, (index - first) * hashBytes);
    ring.put(index, payload, this.#context.releaseChunk);
    this.#produced = index + 1;
    const isFull = this.#produced - first === pages.lengthOf(page);
    const isStreamEnd = this.#content.isOpen && payload.length < this.#content.chunkSizeBytes;
    // Nobody gets on before the page goes out, so nobody would make it ask for what is behind.
    if (isStreamEnd) this.#askUpTo(this.#produced + 1);
    if (!isFull || isStreamEnd) return;
    this.#holdPage();
    if (this.#produced === this.#content.chunkCount && !this.#content.isOpen) this.#finish();
  }

  /** The stream has ended, behind what was produced last. */
  onEnded(totalBytes: number): void {
    this.#endedBytes = totalBytes;
    this.#finish();
  }

  /** The session's hash is known: from now on it may be told, and so may the end of a stream. */
  onHashed(sessionHash: Uint8Array): void {
    const content = this.#content;
    if (this.#endedBytes !== undefined) content.end(this.#endedBytes);
    content.seal = this.#statements.seal(sessionHash, content.totalBytes);
    if (this.#endedBytes === undefined) return;
    // Also where it ends with a full page, behind which no other goes out.
    this.#notePause(content.held.count);
    const { chunkCount, totalBytes } = content;
    const step = { type: "stream-ended", chunkCount, totalBytes } as const;
    this.#context.emit({ type: "report-step", step });
    this.#page = this.#tail;
    if (this.#page !== undefined) this.#holdPage();
  }

  /** The page of the chunks that were produced last goes out, and they with it. */
  #holdPage(): void {
    const { pages, held } = this.#content;
    if (this.#page === undefined) return;
    const first = pages.pageOf(this.#produced - 1) * pages.perPage;
    pages.put(this.#statements.page(first, this.#page), () => true);
    this.#page = undefined;
    if (this.#content.isStream) this.#notePause(held.count);
    for (let chunk = first; chunk < this.#produced; chunk += 1) {
      this.#content.hold(chunk);
      this.#context.tell({ type: "chunk-held", index: chunk });
    }
  }

  #notePause(chunksBefore: number): void {
    const { now } = this.#context;
    if (now > this.#heldAt + pauseMs) this.#context.tell({ type: "stream-resumed", chunksBefore });
    this.#heldAt = now;
  }

  /** The hashes of a page that is not full. */
  get #tail(): Uint8Array | undefined {
    const { perPage } = this.#content.pages;
    return this.#page?.subarray(0, (((this.#produced - 1) % perPage) + 1) * hashBytes);
  }

  #finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    const pages = this.#content.pages.all();
    const tail = this.#tail;
    this.#context.emit({
      type: "hash-session",
      pages: tail === undefined ? pages : [...pages, tail],
    });
  }
}

function ceilTo(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
