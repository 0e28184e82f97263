import { hashBytes } from "@palmtree/wire";

/**
 * Hash trees as in RFC 6962, section 2.1 (Certificate Transparency): a leaf is hash(0x00 ‖ data),
 * a node is hash(0x01 ‖ left ‖ right), the left subtree is the largest full one that leaves
 * something for the right, and the tree of no leaves is hash of nothing. The tags keep a leaf from
 * passing for a node.
 */

/**
 * A hash function with results of 32 bytes. It must not change its argument, and its result must
 * be fresh: it is kept.
 */
export type Hash = (bytes: Uint8Array) => Uint8Array;

const LEAF = 0;
const NODE = 1;
const SESSION = 2;
const STREAM = 3;

/**
 * A hash tree that grows by one leaf at a time, in order. Holds O(log n) hashes; n leaves cost at
 * most 2n calls of `hash`.
 */
export class MerkleTree {
  readonly #hash: Hash;
  /** Roots of the full subtrees so far, the largest first: one for each bit set in `#count`. */
  readonly #subtrees: Uint8Array[] = [];
  #count = 0;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  /** Leaves so far. */
  get count(): number {
    return this.#count;
  }

  /** Adds a leaf: the 32 bytes of a chunk's hash, or of a file's root. They are not kept. */
  add(leaf: Uint8Array): void {
    let subtree = this.#hash(concat(LEAF, leaf));
    // As in a binary counter: each bit that carries joins two subtrees of one size.
    for (let bits = this.#count; bits % 2 === 1; bits = Math.floor(bits / 2)) {
      subtree = this.#join(this.#subtrees.pop() as Uint8Array, subtree);
    }
    this.#subtrees.push(subtree);
    this.#count += 1;
  }

  /** The root of the tree as it is now: 32 bytes that the caller owns. More leaves may follow. */
  root(): Uint8Array {
    let root = this.#subtrees.at(-1);
    if (root === undefined) return this.#hash(new Uint8Array(0));
    for (let at = this.#subtrees.length - 2; at >= 0; at -= 1) {
      root = this.#join(this.#subtrees[at] as Uint8Array, root);
    }
    return new Uint8Array(root); // not slice(): that of a Node Buffer does not copy
  }

  #join(left: Uint8Array, right: Uint8Array): Uint8Array {
    return this.#hash(concat(NODE, left, right));
  }
}

/**
 * The root of a file: the hash tree whose leaves are its chunks' hashes, in order. An empty file's
 * root is the hash of nothing.
 *
 * @param hashes - 32 bytes per chunk
 * @returns 32 bytes that the caller owns
 * @throws RangeError when the length is not a multiple of 32
 */
export function merkleRoot(hashes: Uint8Array, hash: Hash): Uint8Array {
  checkHashes(hashes);
  const tree = new MerkleTree(hash);
  for (let at = 0; at < hashes.length; at += hashBytes) {
    tree.add(hashes.subarray(at, at + hashBytes));
  }
  return tree.root();
}

/**
 * The session's hash, which binds everything that is transferred:
 * hash(0x02 ‖ manifest hash ‖ root of the hash tree whose leaves are the files' roots).
 *
 * @param manifestHash - hash of the encoded manifest, 32 bytes
 * @param fileRoots - one root per file, empty ones too, directories left out, in entry order
 * @returns 32 bytes that the caller owns
 * @throws RangeError when `manifestHash` is not 32 bytes
 */
export function sessionHash(
  manifestHash: Uint8Array,
  fileRoots: Iterable<Uint8Array>,
  hash: Hash,
): Uint8Array {
  const tree = new MerkleTree(hash);
  for (const root of fileRoots) tree.add(root);
  return sealSession(manifestHash, tree, hash);
}

/** The same where the files' roots were added to a tree as they became known. */
export function sealSession(
  manifestHash: Uint8Array,
  fileRoots: MerkleTree,
  hash: Hash,
): Uint8Array {
  checkManifestHash(manifestHash);
  return hash(concat(SESSION, manifestHash, fileRoots.root()));
}

/**
 * The hash of a session that sends a stream, whose length is nowhere else:
 * hash(0x03 ‖ manifest hash ‖ length, 8 bytes, the most significant first ‖ the file's root).
 *
 * @param manifestHash - hash of the encoded manifest, 32 bytes
 * @returns 32 bytes that the caller owns
 * @throws RangeError when `manifestHash` is not 32 bytes
 */
export function streamHash(
  manifestHash: Uint8Array,
  { totalBytes, root, hash }: { totalBytes: number; root: Uint8Array; hash: Hash },
): Uint8Array {
  checkManifestHash(manifestHash);
  const bytes = new Uint8Array(1 + hashBytes + 8 + hashBytes);
  bytes[0] = STREAM;
  bytes.set(manifestHash, 1);
  new DataView(bytes.buffer).setBigUint64(1 + hashBytes, BigInt(totalBytes));
  bytes.set(root, 1 + hashBytes + 8);
  return hash(bytes);
}

function checkManifestHash(manifestHash: Uint8Array): void {
  if (manifestHash.length !== hashBytes) {
    throw new RangeError(`A manifest's hash has 32 bytes, not ${manifestHash.length}`);
  }
}

/** @throws RangeError when `hashes` is not a list of hashes of 32 bytes */
export function checkHashes(hashes: Uint8Array): void {
  if (hashes.length % hashBytes !== 0) {
    throw new RangeError(`Hashes have 32 bytes each: ${hashes.length} is not a multiple`);
  }
}

function concat(tag: number, first: Uint8Array, second?: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + first.length + (second?.length ?? 0));
  bytes[0] = tag;
  bytes.set(first, 1);
  if (second !== undefined) bytes.set(second, 1 + first.length);
  return bytes;
}
