import { wireLimits } from "@palmtree/wire";

/** How large a manifest and what is in it may be. */
export interface ManifestLimits {
  /** Bytes of an encoded manifest: 256 MiB. */
  readonly manifestBytes: number;
  /** Files and directories: 1,000,000. */
  readonly entryCount: number;
  /** Chunks: 2^24. So there are at most 2^48 bytes, in the largest chunks, and sums are exact. */
  readonly chunkCount: number;
  /** Bytes of a chunk, least: 1 KiB. Only the last chunk of a file is shorter. */
  readonly chunkSizeBytesMin: number;
  /** Bytes of a chunk, most: 16 MiB. */
  readonly chunkSizeBytesMax: number;
  /** UTF-8 bytes of the manifest's name: 255. */
  readonly nameBytes: number;
  /** UTF-8 bytes of a path: 4,096, which is what Linux takes. */
  readonly pathBytes: number;
  /** UTF-8 bytes of one component of a path: 255, which is what common file systems take. */
  readonly componentBytes: number;
  /** Components of a path: 64. */
  readonly pathDepth: number;
  /** Permission bits: 0o777, so no set-uid, set-gid or sticky bit. */
  readonly mode: number;
  /** The latest time, in milliseconds since 1970: what a JavaScript `Date` can hold. */
  readonly modifiedMs: number;
}

/**
 * The limits of version 1 of the manifest. A manifest beyond one of them is refused when it is
 * encoded and when it is decoded.
 */
export const manifestLimits: ManifestLimits = Object.freeze({
  manifestBytes: wireLimits.manifestBytes,
  entryCount: wireLimits.entryCount,
  chunkCount: wireLimits.chunkCount,
  chunkSizeBytesMin: wireLimits.chunkSizeBytesMin,
  chunkSizeBytesMax: wireLimits.chunkSizeBytesMax,
  nameBytes: wireLimits.nameBytes,
  pathBytes: 4_096,
  componentBytes: 255,
  pathDepth: 64,
  mode: 0o777,
  modifiedMs: 8_640_000_000_000_000,
});
