import { readFileSync } from "node:fs";
import { fromHex, toHex } from "@palmtree/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ChunkLayout,
  encodeManifest,
  type Manifest,
  type ManifestEntry,
  MerkleTree,
  merkleRoot,
  SessionHasher,
  sessionHash,
  sha256,
  streamHash,
} from "../src/index.js";

interface Vectors {
  readonly files: readonly {
    readonly name: string;
    readonly chunkHashes: readonly string[];
    readonly root: string;
  }[];
  readonly sessions: readonly {
    readonly name: string;
    readonly manifestSha256: string;
    readonly chunkHashes: readonly string[];
    readonly fileRoots: readonly string[];
    readonly sessionHash: string;
  }[];
  readonly streams: readonly {
    readonly name: string;
    /** That of a valid manifest in `manifest.json`. */
    readonly manifest: string;
    readonly manifestSha256: string;
    readonly totalBytes: number;
    readonly chunkHashes: readonly string[];
    readonly root: string;
    readonly sessionHash: string;
  }[];
}

function readVectors(name: string): unknown {
  return JSON.parse(
    readFileSync(new URL(`../../../docs/vectors/${name}`, import.meta.url), "utf8"),
  );
}

const vectors = readVectors("merkle.json") as Vectors;
const manifests = readVectors("manifest.json") as {
  readonly valid: readonly { readonly name: string; readonly manifest: Manifest }[];
};

/** RFC 6962, section 2.1, word for word. */
function referenceRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return sha256(Buffer.concat([Uint8Array.of(0), leaves[0]!]));
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  const left = referenceRoot(leaves.slice(0, k));
  const right = referenceRoot(leaves.slice(k));
  return sha256(Buffer.concat([Uint8Array.of(1), left, right]));
}

const leafLists = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 70 });

describe("a hash tree", () => {
  it("has the roots of the vectors", () => {
    for (const { name, chunkHashes, root } of vectors.files) {
      const hashes = fromHex(chunkHashes.join(""));
      expect(toHex(merkleRoot(hashes, sha256)), name).toBe(root);
    }
  });

  it("is the one of RFC 6962 for any number of leaves, at every step of its growth", () => {
    fc.assert(
      fc.property(leafLists, (leaves) => {
        const tree = new MerkleTree(sha256);
        for (const [count, leaf] of leaves.entries()) {
          expect(tree.count).toBe(count);
          tree.add(leaf);
        }
        expect(toHex(tree.root())).toBe(toHex(referenceRoot(leaves)));
        expect(toHex(tree.root())).toBe(toHex(merkleRoot(Buffer.concat(leaves), sha256)));
      }),
    );
  });

  it("hashes at most twice per leaf", () => {
    let calls = 0;
    const tree = new MerkleTree((bytes) => {
      calls += 1;
      return sha256(bytes);
    });
    for (let count = 0; count < 1000; count += 1) tree.add(new Uint8Array(32));
    tree.root();
    expect(calls).toBe(1999);
  });

  it("gives roots that the caller owns", () => {
    const tree = new MerkleTree(sha256);
    tree.add(new Uint8Array(32));
    const root = toHex(tree.root());
    tree.root().fill(0);
    expect(toHex(tree.root())).toBe(root);
  });

  it("does not take half a hash", () => {
    expect(() => merkleRoot(new Uint8Array(33), sha256)).toThrow(RangeError);
  });
});

describe("a session's hash", () => {
  it("is that of the vectors", () => {
    for (const session of vectors.sessions) {
      const roots = session.fileRoots.map(fromHex);
      const hash = sessionHash(fromHex(session.manifestSha256), roots, sha256);
      expect(toHex(hash), session.name).toBe(session.sessionHash);
    }
  });

  it("comes out of the chunks' hashes, added in pieces of any size", () => {
    for (const session of vectors.sessions) {
      const manifest = manifests.valid.find(({ name }) => name === session.name)!.manifest;
      const manifestHash = sha256(encodeManifest(manifest));
      expect(toHex(manifestHash)).toBe(session.manifestSha256);
      for (const pieceSize of [1, 2, 3, 1000]) {
        const layout = new ChunkLayout(manifest);
        const hasher = new SessionHasher({ manifest, layout, manifestHash }, sha256);
        const hashes = session.chunkHashes;
        for (let at = 0; at < hashes.length; at += pieceSize) {
          expect(hasher.count).toBe(at);
          hasher.add(fromHex(hashes.slice(at, at + pieceSize).join("")));
        }
        expect(toHex(hasher.digest()), session.name).toBe(session.sessionHash);
      }
    }
  });

  it("changes with every chunk, with the order of files, and with the manifest", () => {
    const file = (path: string): ManifestEntry => ({
      path,
      kind: "file",
      sizeBytes: 2048,
      mode: 0o644,
      modifiedMs: 0,
    });
    const manifest = { name: "x", chunkSizeBytes: 1024, entries: [file("a"), file("b")] };
    const hashOf = (chunks: readonly number[], manifestByte: number) => {
      const manifestHash = new Uint8Array(32).fill(manifestByte);
      const layout = new ChunkLayout(manifest);
      const hasher = new SessionHasher({ manifest, layout, manifestHash }, sha256);
      for (const chunk of chunks) hasher.add(sha256(Uint8Array.of(chunk)));
      return toHex(hasher.digest());
    };
    const hashes = [
      hashOf([1, 2, 3, 4], 0),
      hashOf([1, 2, 3, 5], 0),
      hashOf([3, 4, 1, 2], 0),
      hashOf([2, 1, 3, 4], 0),
      hashOf([1, 2, 3, 4], 1),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it("is, for a stream, that of the vectors, once its end is known", () => {
    for (const stream of vectors.streams) {
      const { manifest } = manifests.valid.find(({ name }) => name === stream.manifest)!;
      const manifestHash = sha256(encodeManifest(manifest));
      expect(toHex(manifestHash)).toBe(stream.manifestSha256);
      const layout = new ChunkLayout(manifest);
      const hasher = new SessionHasher({ manifest, layout, manifestHash }, sha256);
      const hashes = fromHex(stream.chunkHashes.join(""));
      expect(toHex(merkleRoot(hashes, sha256)), stream.name).toBe(stream.root);
      hasher.add(hashes);
      expect(() => hasher.digest()).toThrow(RangeError);
      layout.endStream(stream.totalBytes);
      expect(toHex(hasher.digest()), stream.name).toBe(stream.sessionHash);
    }
  });

  it("covers the length of a stream: the same chunks with another length are something else", () => {
    const stream = vectors.streams.find(({ totalBytes }) => totalBytes === 1)!;
    const manifestHash = fromHex(stream.manifestSha256);
    const root = fromHex(stream.root);
    const hashOf = (totalBytes: number) =>
      toHex(streamHash(manifestHash, { totalBytes, root, hash: sha256 }));
    expect(hashOf(1)).toBe(stream.sessionHash);
    expect(new Set([0, 1, 2, 262_144, 2 ** 42].map(hashOf)).size).toBe(5);
  });

  it("is not given before every hash is known, and takes none beyond them", () => {
    const { manifest } = manifests.valid.find(({ name }) => name.startsWith("directories"))!;
    const layout = new ChunkLayout(manifest);
    const manifestHash = new Uint8Array(32);
    const hasher = new SessionHasher({ manifest, layout, manifestHash }, sha256);
    expect(() => hasher.digest()).toThrow(RangeError);
    expect(() => hasher.add(new Uint8Array(31))).toThrow(RangeError);
    hasher.add(new Uint8Array(32 * (layout.chunkCount - 1)));
    expect(() => hasher.digest()).toThrow(RangeError);
    expect(() => hasher.add(new Uint8Array(64))).toThrow(RangeError);
    hasher.add(new Uint8Array(32));
    expect(hasher.digest()).toHaveLength(32);
    expect(() => sessionHash(new Uint8Array(31), [], sha256)).toThrow(RangeError);
  });
});

describe("sha256", () => {
  it("is SHA-256 (FIPS 180-4, the example of one block)", () => {
    const hash = sha256(new TextEncoder().encode("abc"));
    expect(toHex(hash)).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});
