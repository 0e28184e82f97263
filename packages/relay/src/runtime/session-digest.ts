import type { SessionContent } from "@palmtree/files";
import { SessionHasher, sha256 } from "@palmtree/files";
import { hashBytes } from "@palmtree/wire";

/** How long the event loop may stand still for hashing at a time, in milliseconds. */
const sliceMs = 5;

/** Chunks whose hashes are added between two looks at the clock: about a millisecond of work. */
const sliceChunks = 256;

/**
 * A session's hash. Chunks mostly become known in order, so most of the work is done on the way,
 * a little with each chunk; what is left at the end is done in slices, so that a peer with
 * millions of chunks still answers its neighbours.
 */
export class SessionDigest {
  readonly #hasher: SessionHasher;

  constructor(content: SessionContent) {
    this.#hasher = new SessionHasher(content, sha256);
  }

  /** The hash of a chunk became known; it is used if it is the next one's. */
  offer(index: number, hash: Uint8Array): void {
    if (index === this.#hasher.count) this.#hasher.add(hash);
  }

  /** @param pages - the hashes of all chunks in order, 32 bytes each; the same as were offered */
  async finish(pages: readonly Uint8Array[]): Promise<Uint8Array> {
    let before = 0;
    let sliceEnd = performance.now() + sliceMs;
    for (const page of pages) {
      const end = before + page.length / hashBytes;
      while (this.#hasher.count < end) {
        const from = this.#hasher.count - before;
        const to = Math.min(end - before, from + sliceChunks);
        this.#hasher.add(page.subarray(from * hashBytes, to * hashBytes));
        if (performance.now() < sliceEnd) continue;
        await new Promise<void>((resolve) => setImmediate(resolve));
        sliceEnd = performance.now() + sliceMs;
      }
      before = end;
    }
    return this.#hasher.digest();
  }
}
