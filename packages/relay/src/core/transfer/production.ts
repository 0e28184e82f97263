import { hashBytes } from "@palmtree/wire";
import type { Context } from "../context.js";
import type { Content } from "./content.js";

/**
 * The root's source: reads and hashes each chunk once, in order, a little ahead of the child
 * that is furthest. Sending starts with the first page, however large the whole is; a chunk is
 * held, and so may be sent, once the hashes of its page are known.
 */
export class Production {
  readonly #context: Context;
  readonly #content: Content;
  #asked = 0;
  #produced = 0;
  #page: Uint8Array | undefined;
  #isFinished = false;

  constructor(context: Context, content: Content) {
    this.#context = context;
    this.#content = content;
  }

  /** Ask for chunks so that the leading child never waits, and no further than the ring reaches. */
  advance(leadingCursor: number | undefined): void {
    if (this.#content.chunkCount === 0) {
      this.#finish();
      return;
    }
    if (leadingCursor === undefined) return;
    const { ringChunks, pages } = this.#content;
    const { perPage } = pages;
    const reach = Math.max(ringChunks - perPage, perPage);
    const end = Math.min(this.#content.chunkCount, ceilTo(leadingCursor + reach, perPage));
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
    if (this.#produced - first < pages.lengthOf(page)) return;
    pages.put(first, this.#page);
    this.#page = undefined;
    for (let chunk = first; chunk < this.#produced; chunk += 1) {
      this.#content.hold(chunk);
      this.#context.tell({ type: "chunk-held", index: chunk });
    }
    if (this.#produced === this.#content.chunkCount) this.#finish();
  }

  #finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#context.emit({ type: "hash-session", pages: this.#content.pages.all() });
  }
}

function ceilTo(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
