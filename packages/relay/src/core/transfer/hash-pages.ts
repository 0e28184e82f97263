import { type HashPage, hashBytes } from "@palmtree/wire";
import { isSame } from "./same-bytes.js";

/** Chunks whose hashes travel together, at most. */
const mostPageChunks = 32;

/** Content that one page stands for, at most; keeps the first chunk from waiting for many others. */
const mostPageBytes = 2 * 1024 * 1024;

/**
 * How many chunks one hash page covers, for chunks of that size: 32, fewer above 64 KiB, at
 * least 1 (docs/protocol.md, "Hash pages").
 */
export function pageChunks(chunkSizeBytes: number): number {
  return Math.max(1, Math.min(mostPageChunks, Math.floor(mostPageBytes / chunkSizeBytes)));
}

/**
 * The hashes of a session's chunks, page by page as they become known, with the root's signatures. Nothing is allocated for
 * pages that have not come: a claimed chunk count costs nothing.
 */
export class HashPages {
  #chunkCount: number;
  /** Chunks on each page but the last. */
  readonly perPage: number;
  readonly #pages: (HashPage | undefined)[] = [];
  #known = 0;
  #knownEnd = 0;

  constructor(chunkCount: number, chunkSizeBytes: number) {
    this.#chunkCount = chunkCount;
    this.perPage = pageChunks(chunkSizeBytes);
  }

  /** Of a stream that has not ended the most that there may be. */
  get chunkCount(): number {
    return this.#chunkCount;
  }

  /** The chunk behind the last one whose page is known. */
  get knownEnd(): number {
    return this.#knownEnd;
  }

  /** A stream has ended: there are fewer chunks than there might have been. */
  end(chunkCount: number): void {
    this.#chunkCount = chunkCount;
  }

  get pageCount(): number {
    return Math.ceil(this.chunkCount / this.perPage);
  }

  get isComplete(): boolean {
    return this.#known === this.pageCount;
  }

  pageOf(index: number): number {
    return Math.floor(index / this.perPage);
  }

  /** Chunks on that page. */
  lengthOf(page: number): number {
    return Math.min(this.perPage, this.chunkCount - page * this.perPage);
  }

  /** As it came, to be passed on. */
  get(page: number): HashPage | undefined {
    return this.#pages[page];
  }

  /** The hash of one chunk, a view; undefined while its page is not known. */
  hashOf(index: number): Uint8Array | undefined {
    const page = this.#pages[this.pageOf(index)];
    const start = (index % this.perPage) * hashBytes;
    return page?.payload.subarray(start, start + hashBytes);
  }

  /**
   * Take in a page, by reference.
   *
   * @param isOfRoot asked of a page that is not known yet, since that takes long
   * @returns what is wrong with it, if something is; a page known already must be the same
   */
  put(said: HashPage, isOfRoot: (said: HashPage) => boolean): string | undefined {
    const { firstChunk, payload: hashes } = said;
    const page = this.pageOf(firstChunk);
    if (firstChunk >= this.chunkCount || firstChunk % this.perPage !== 0)
      return `a hash page at chunk ${firstChunk}, expected a multiple of ${this.perPage} below ${this.chunkCount}`;
    if (hashes.length !== this.lengthOf(page) * hashBytes)
      return `a hash page of ${hashes.length} bytes at chunk ${firstChunk}, expected ${this.lengthOf(page) * hashBytes}`;
    const known = this.#pages[page];
    if (known !== undefined)
      return isSame(known.payload, hashes)
        ? undefined
        : `other hashes than before at chunk ${firstChunk}`;
    if (!isOfRoot(said)) return `hashes at chunk ${firstChunk} that the root has not signed`;
    this.#pages[page] = said;
    this.#known += 1;
    this.#knownEnd = Math.max(this.#knownEnd, firstChunk + this.lengthOf(page));
    return undefined;
  }

  /** All pages in order; only when {@link isComplete}. */
  all(): readonly Uint8Array[] {
    return (this.#pages as HashPage[]).map(({ payload }) => payload);
  }
}
