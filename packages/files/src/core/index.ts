export { Bitmap } from "./bitmap.js";
export {
  ChunkLayout,
  type ChunkPlace,
  type ChunkRange,
  defaultChunkSizeBytes,
  pipelineChunkSizeBytes,
  streamChunkSizeBytes,
} from "./chunk-layout.js";
export { type ManifestLimits, manifestLimits } from "./limits.js";
export {
  comparePaths,
  decodeManifest,
  encodeManifest,
  type Manifest,
  manifestVersion,
} from "./manifest.js";
export { countFiles, type ManifestEntries, type ManifestEntry } from "./manifest-entries.js";
export { type Hash, MerkleTree, merkleRoot, sessionHash, streamHash } from "./merkle.js";
export {
  checkComponent,
  checkPath,
  checkPaths,
  escapeForTerminal,
  NameSet,
  type PathProblem,
  type PathRule,
  pathRules,
} from "./safe-path.js";
export { type SessionContent, SessionHasher } from "./session-hasher.js";
