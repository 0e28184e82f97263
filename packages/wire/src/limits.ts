/** Everything on the wire that has a size or a count, and how large it may be. */
export interface WireLimits {
  /**
   * Bytes of one UDP datagram, envelope included: 1,200. It passes unfragmented over every IPv6
   * path (minimum MTU 1,280), with room for an authentication tag.
   */
  readonly datagramBytes: number;
  /**
   * Bytes of the message in a datagram: 1,048, whatever protects it. The rest is for the envelope
   * (40), and for signature, key and tag of a sealed datagram (112).
   */
  readonly messageBytes: number;
  /**
   * Peers in one `neighbours` list: 64. The datagram is full before that: about 44 with IPv4 and
   * 29 with IPv6. A cube of 32,767 peers needs at most 29, one of 65,536 at most 31.
   */
  readonly neighbours: number;
  /**
   * Bytes of the padding of a `knock`: 420. The longest `invite` is shorter: whoever forges the
   * address of a knock makes the root say less than was said to it.
   */
  readonly knockPaddingBytes: number;
  /** Bytes of the cookie in a `challenge` and in an `invite`: 16. */
  readonly cookieBytes: number;
  /** UTF-8 bytes of a session's name: 255. */
  readonly nameBytes: number;
  /** UTF-8 bytes of a `detail` in a datagram: 255. */
  readonly detailBytes: number;
  /** UTF-8 bytes of a `detail` in a `report`: 1,024. */
  readonly reportDetailBytes: number;
  /** Links that a `report` tells of: 4. */
  readonly reportLinks: number;
  /** UTF-8 bytes of the error code in a `report`: 64. */
  readonly errorCodeBytes: number;
  /** Peers of a session, the root among them: 65,536. A peer's number is below this. */
  readonly peerCount: number;
  /** Stripes of a session: 64, each with a tree of its own. */
  readonly stripes: number;
  /** Children of one peer in the tree: 64. */
  readonly fanout: number;
  /** Milliseconds of a session's time-out: one day. */
  readonly timeoutMs: number;
  /** Bytes of a chunk, least: 1 KiB. Only the last chunk of a file is shorter. */
  readonly chunkSizeBytesMin: number;
  /** Bytes of a chunk, most: 16 MiB. */
  readonly chunkSizeBytesMax: number;
  /** Chunks of a session: 2^24. A bitmap of all of them is 2 MiB. */
  readonly chunkCount: number;
  /** Files and directories of a session: 1,000,000. */
  readonly entryCount: number;
  /** Bytes of an encoded manifest: 256 MiB. */
  readonly manifestBytes: number;
  /** Bytes of the payload of one `manifest` frame: 1 MiB. */
  readonly manifestPartBytes: number;
  /** Hashes in one `hashes` frame: 1,024, which are 32 KiB. */
  readonly hashesPerPage: number;
  /** Bytes of the payload of a `holds` frame: 2 MiB, a bit for each of 2^24 chunks. */
  readonly bitmapBytes: number;
  /** Chunks that one `want` frame asks for: 1,024. */
  readonly wantedChunks: number;
  /** Runs of chunks in one `have` or `want` frame: 1,024. */
  readonly runs: number;
  /** Peers in one `progress` frame: 4,096. */
  readonly progressEntries: number;
  /** Bytes of a frame's msgpack body: 64 KiB. Most types have a smaller limit of their own. */
  readonly frameBodyBytes: number;
  /** The largest pulse, revision and counter: 2^32 - 1. */
  readonly sequence: number;
  /** The largest integer on the wire: 2^53 - 1. */
  readonly integer: number;
}

/**
 * The limits of version 1 of the protocol. An encoder refuses to go beyond them, a decoder calls
 * what does malformed.
 */
export const wireLimits: WireLimits = Object.freeze({
  datagramBytes: 1_200,
  messageBytes: 1_048,
  neighbours: 64,
  knockPaddingBytes: 420,
  cookieBytes: 16,
  nameBytes: 255,
  detailBytes: 255,
  reportDetailBytes: 1_024,
  reportLinks: 4,
  errorCodeBytes: 64,
  peerCount: 65_536,
  stripes: 64,
  fanout: 64,
  timeoutMs: 24 * 60 * 60 * 1_000,
  chunkSizeBytesMin: 1_024,
  chunkSizeBytesMax: 16 * 1_024 * 1_024,
  chunkCount: 2 ** 24,
  entryCount: 1_000_000,
  manifestBytes: 256 * 1_024 * 1_024,
  manifestPartBytes: 1_024 * 1_024,
  hashesPerPage: 1_024,
  bitmapBytes: 2 * 1_024 * 1_024,
  wantedChunks: 1_024,
  runs: 1_024,
  progressEntries: 4_096,
  frameBodyBytes: 64 * 1_024,
  sequence: 2 ** 32 - 1,
  integer: Number.MAX_SAFE_INTEGER,
});

/** Bytes of a SHA-256 hash. */
export const hashBytes: number = 32;

/** Bytes of an Ed25519 public key (RFC 8032). */
export const publicKeyBytes: number = 32;

/** Bytes of an Ed25519 signature. */
export const signatureBytes: number = 64;
