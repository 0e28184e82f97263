export { Bitmap } from "./bitmap.js";
export {
  ChunkLayout,
  type ChunkPlace,
  type ChunkRange,
  defaultChunkSizeBytes,
  pipelineChunkSizeBytes,
  streamChunkSizeBytes,
} from "./chunk-layout.js";
export { type LandingRule, landingRules } from "./landing-rules.js";
export { type ManifestLimits, manifestLimits } from "./limits.js";
export {
  decodeManifest,
  encodeManifest,
  type Manifest,
  manifestVersion,
} from "./manifest.js";
export { countFiles, type ManifestEntries, type ManifestEntry } from "./manifest-entries.js";
export { type Hash, MerkleTree, merkleRoot, sessionHash, streamHash } from "./merkle.js";
export { comparePaths } from "./path-order.js";
export { type PathRule, pathRules } from "./path-rules.js";
export {
  checkComponent,
  checkPath,
  checkPaths,
  escapeForTerminal,
  NameSet,
  type PathProblem,
} from "./safe-path.js";
export { type SessionContent, SessionHasher } from "./session-hasher.js";
