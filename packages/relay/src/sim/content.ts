import { fromHex, type PeerId, wireLimits } from "@palmtree/wire";
import type { Cryptography } from "../core/context.js";
import type { ChunkSizes } from "../core/event.js";

/** A session's made-up content: every byte follows from its chunk's index. */
export class SimulatedContent implements ChunkSizes {
  readonly chunkCount: number;
  readonly chunkSizeBytes: number;
  readonly manifest: Uint8Array = Uint8Array.from({ length: 700 }, (_, index) => index % 251);
  readonly totalBytes: number;
  readonly #areChunksEqual: boolean | "but the last";
  /** All chunks are views of it, one byte apart: any number of them takes next to no memory. */
  readonly #bytes: Uint8Array;
  readonly #payloads: Uint8Array[] = [];
  readonly #hashes: Uint8Array[] = [];

  /** @param areChunksEqual all of the same size, or all but the last; else every seventh is short */
  constructor(
    chunkCount: number,
    chunkSizeBytes: number,
    areChunksEqual: boolean | "but the last" = false,
  ) {
    this.chunkCount = chunkCount;
    this.chunkSizeBytes = chunkSizeBytes;
    this.#areChunksEqual = areChunksEqual;
    this.totalBytes = 0;
    for (let index = 0; index < chunkCount; index += 1) this.totalBytes += this.lengthOf(index);
    this.#bytes = new Uint8Array(chunkCount + chunkSizeBytes);
    for (let place = 0; place < this.#bytes.length; place += 1)
      this.#bytes[place] = Math.imul(place + 1, 0x9e3779b1) >>> 24;
  }

  /** What a peer knows of it that was told nothing but the size of a chunk: it is a stream. */
  get asStream(): ChunkSizes {
    const { chunkSizeBytes } = this;
    const chunkCount = wireLimits.chunkCount;
    const totalBytes = chunkCount * chunkSizeBytes;
    return { chunkCount, totalBytes, isOpen: true, lengthOf: () => chunkSizeBytes };
  }

  /** Every seventh chunk may be short, as if a file ended there. */
  lengthOf(index: number): number {
    const isLast = index === this.chunkCount - 1;
    const isShort =
      this.#areChunksEqual === "but the last" ? isLast : !this.#areChunksEqual && index % 7 === 6;
    return isShort ? 1 + (index % this.chunkSizeBytes) : this.chunkSizeBytes;
  }

  /** The chunk's bytes, always the same object; not to be written to. */
  payloadOf(index: number): Uint8Array {
    let payload = this.#payloads[index];
    if (payload === undefined) {
      payload = this.#bytes.subarray(index, index + this.lengthOf(index));
      this.#payloads[index] = payload;
    }
    return payload;
  }

  /** The hash of what came as that chunk: known already, if these are the very bytes. */
  hashOf(index: number, payload: Uint8Array): Uint8Array {
    if (!isView(payload, this.payloadOf(index))) return simulatedHash(payload);
    let hash = this.#hashes[index];
    if (hash === undefined) {
      hash = simulatedHash(payload);
      this.#hashes[index] = hash;
    }
    return hash;
  }
}

/** Whether both are the same bytes; at once, where they are views of the same. */
export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  if (isView(one, other)) return true;
  if (one.length !== other.length) return false;
  for (let place = 0; place < one.length; place += 1) if (one[place] !== other[place]) return false;
  return true;
}

function isView(one: Uint8Array, other: Uint8Array): boolean {
  const { buffer, byteOffset, length } = other;
  return one.buffer === buffer && one.byteOffset === byteOffset && one.length === length;
}

/** Stands in for SHA-256: 32 bytes in which every flipped bit of the input shows (FNV-1a, spread). */
export function simulatedHash(bytes: Uint8Array): Uint8Array {
  let state = 0x811c9dc5;
  for (const byte of bytes) state = Math.imul(state ^ byte, 0x01000193);
  const hash = new Uint8Array(32);
  for (let place = 0; place < 32; place += 1) {
    state = Math.imul(state ^ place, 0x01000193);
    hash[place] = state >>> 24;
  }
  return hash;
}

/** Stands in for a signature, which nobody can make up who does not know the statement. */
function simulatedSignature(statement: Uint8Array): Uint8Array {
  const signature = new Uint8Array(64);
  signature.set(simulatedHash(statement));
  signature.set(simulatedHash(signature), 32);
  return signature;
}

/** Stands in for the key that a peer's id follows from. */
function simulatedKey(id: PeerId): Uint8Array {
  const key = new Uint8Array(32);
  key.set(fromHex(id));
  return key;
}

/** What machines that no attacker tells its keys need of cryptography. */
export function simulatedCryptography(id: PeerId, drawToken: () => string): Cryptography {
  const verify = (statement: Uint8Array, signature: Uint8Array): boolean =>
    isSame(simulatedSignature(statement), signature);
  return {
    drawToken,
    publicKey: simulatedKey(id),
    sign: simulatedSignature,
    verify,
    verifyPeer: (of, statement, { publicKey, signature }) =>
      isSame(simulatedKey(of), publicKey) && verify(statement, signature),
  };
}

/** Stands in for the session's hash over all pages, and over the length. */
export function simulatedSessionHash(pages: readonly Uint8Array[], totalBytes: number): Uint8Array {
  const all = new Uint8Array(pages.reduce((sum, page) => sum + page.length, 4));
  new DataView(all.buffer).setUint32(0, totalBytes);
  let place = 4;
  for (const page of pages) {
    all.set(page, place);
    place += page.length;
  }
  return simulatedHash(all);
}
