import { hashBytes } from "@palmtree/wire";
import type { ChunkLayout } from "./chunk-layout.js";
import type { Manifest } from "./manifest.js";
import { checkHashes, type Hash, MerkleTree, sealSession, streamHash } from "./merkle.js";

/** What a {@link SessionHasher} hashes. */
export interface SessionContent {
  readonly manifest: Manifest;
  readonly layout: ChunkLayout;
  /** Hash of the encoded manifest, 32 bytes; not copied. */
  readonly manifestHash: Uint8Array;
}

/**
 * Computes a session's hash while the hashes of its chunks become known, in order: the work is
 * spread over the transfer, and no list of all hashes is needed, nor of all files' roots: it holds
 * two unfinished trees, O(log n) hashes.
 */
export class SessionHasher {
  readonly #content: SessionContent;
  readonly #hash: Hash;
  /** The tree over the roots of the files before `#file`. */
  readonly #fileRoots: MerkleTree;
  #file: MerkleTree;
  /** The entry whose chunks are expected next. */
  #entry = 0;
  #count = 0;

  constructor(content: SessionContent, hash: Hash) {
    this.#content = content;
    this.#hash = hash;
    this.#fileRoots = new MerkleTree(hash);
    this.#file = new MerkleTree(hash);
    this.#closeFiles();
  }

  /** Chunks whose hashes were added. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds the hashes of the next chunks.
   *
   * @param hashes - 32 bytes per chunk, not kept
   * @throws RangeError when the length is not a multiple of 32, or there are too many
   */
  add(hashes: Uint8Array): void {
    checkHashes(hashes);
    const { chunkCount } = this.#content.layout;
    if (this.#count + hashes.length / hashBytes > chunkCount) {
      throw new RangeError(`More hashes than the ${chunkCount} chunks`);
    }
    for (let at = 0; at < hashes.length; at += hashBytes) {
      this.#file.add(hashes.subarray(at, at + hashBytes));
      this.#count += 1;
      this.#closeFiles();
    }
  }

  /**
   * The session's hash, 32 bytes that the caller owns.
   *
   * @throws RangeError when hashes are missing, or a stream has not ended
   */
  digest(): Uint8Array {
    const { manifest, layout, manifestHash } = this.#content;
    if (this.#count !== layout.chunkCount) {
      throw new RangeError(`Hashes of ${this.#count} of ${layout.chunkCount} chunks are known`);
    }
    if (manifest.isStream === true) {
      const root = this.#file.root();
      return streamHash(manifestHash, { totalBytes: layout.totalBytes, root, hash: this.#hash });
    }
    return sealSession(manifestHash, this.#fileRoots, this.#hash);
  }

  /** Goes on to the next file with a chunk that is still to come. */
  #closeFiles(): void {
    const { manifest, layout } = this.#content;
    if (manifest.isStream === true) return; // its only file ends where the stream does
    while (this.#entry < layout.entryCount) {
      if (this.#file.count < layout.chunksOf(this.#entry).count) return;
      if (manifest.entries.at(this.#entry)?.kind === "file") this.#fileRoots.add(this.#file.root());
      this.#file = new MerkleTree(this.#hash);
      this.#entry += 1;
    }
  }
}
