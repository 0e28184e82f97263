export { type AddressParts, formatAddress, parseAddress } from "./address.js";
export type {
  Blame,
  Challenge,
  ControlMessage,
  Datagram,
  Decline,
  DeclineReason,
  Downgrade,
  DowngradeReason,
  Ended,
  Introduce,
  Invite,
  Join,
  Knock,
  Leave,
  LinkRole,
  Neighbours,
  NeighboursAck,
  Orphan,
  Ping,
  PlanAck,
  PlanMessage,
  Pong,
  Probe,
  ProbeAck,
  Refer,
  Reparent,
  StandingMessage,
  Strategy,
  TreeCheck,
  TreeReject,
  TreeRejectReason,
  Trouble,
  TroubleKind,
  UpgradeAccept,
  UpgradeReject,
  UpgradeRejectReason,
  UpgradeRequest,
} from "./control-message.js";
export { decodeDatagram, decodeMessage, encodeDatagram, encodeMessage } from "./datagram.js";
export {
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  envelopeBytes,
  type Protection,
  protectionOf,
} from "./envelope.js";
export {
  type ErrorCode,
  type ErrorFacts,
  errorSentences,
  type Fault,
  isPalmTreeError,
  PalmTreeError,
} from "./error.js";
export type {
  Alive,
  Chunk,
  ChunkRun,
  Finish,
  Frame,
  HashPage,
  Have,
  Hello,
  Holds,
  LinkMetrics,
  ManifestPart,
  Progress,
  ProgressEntry,
  Refuse,
  RefuseReason,
  Report,
  ReportStatus,
  Seal,
  Subtree,
  Want,
  Welcome,
} from "./frame.js";
export { type EncodedFrame, encodeFrame, framePrefixBytes } from "./frame-encoder.js";
export { FrameReader, type FrameReaderOptions } from "./frame-reader.js";
export { fromHex, toHex } from "./hex.js";
export { type Address, nobody, type PeerId, type PeerInfo, type SessionId } from "./identity.js";
export { anySession, makeKnock } from "./knock.js";
export {
  hashBytes,
  publicKeyBytes,
  signatureBytes,
  type WireLimits,
  wireLimits,
} from "./limits.js";
export type { MalformedRule } from "./malformed.js";
export { SlabPool } from "./slab-pool.js";
export { pageStatement, reportStatement, sealStatement, sessionStatement } from "./statement.js";
export { decodeUtf8, truncateUtf8, utf8ByteLength } from "./utf8.js";
