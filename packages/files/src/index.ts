export { ChunkStore } from "./chunk-store.js";
export type { ChunkStoreOptions, Landed, RenamedEntry } from "./chunk-store-options.js";
export {
  Bitmap,
  ChunkLayout,
  type ChunkPlace,
  type ChunkRange,
  checkComponent,
  checkPath,
  checkPaths,
  comparePaths,
  countFiles,
  decodeManifest,
  defaultChunkSizeBytes,
  encodeManifest,
  escapeForTerminal,
  type Hash,
  type LandingRule,
  landingRules,
  type Manifest,
  type ManifestEntries,
  type ManifestEntry,
  type ManifestLimits,
  MerkleTree,
  manifestLimits,
  manifestVersion,
  merkleRoot,
  NameSet,
  type PathProblem,
  type PathRule,
  pathRules,
  pipelineChunkSizeBytes,
  type SessionContent,
  SessionHasher,
  sessionHash,
  streamChunkSizeBytes,
  streamHash,
} from "./core/index.js";
export { countLeftBytes, discardLeftStaging } from "./resume/adoption.js";
export { sha256 } from "./sha256.js";
export { type ProducedChunk, SourceReader } from "./source-reader.js";
export {
  type DescribedSources,
  type OnLinks,
  type ScannedSources,
  type ScanOptions,
  type SkippedSource,
  scanSources,
} from "./source-scan.js";
export type { OnConflict } from "./staging.js";
export {
  checkFileName,
  type NamedStream,
  StreamSource,
  type StreamSourceOptions,
} from "./stream-source.js";
export type { StoredListener } from "./write-queue.js";
