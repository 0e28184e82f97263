import type { Datagram, Frame } from "@palmtree/wire";

/** A frame's prefix and its body, about. */
const headBytes = 16;

/** The root's signature. */
const signatureBytes = 64;

/** One peer's entry in a frame or a datagram, about. */
const entryBytes = { progress: 8, peer: 40 } as const;

/** UDP and IP headers, the datagram's envelope, and a small body. */
const datagramHeadBytes = 28 + 32 + 24;

/** Bytes that a frame takes on a stream, to within a few; not counted are TCP's own headers. */
export function frameBytes(frame: Frame): number {
  switch (frame.type) {
    case "manifest":
    case "holds":
    case "chunk":
      return headBytes + frame.payload.length;
    case "hashes":
      return headBytes + signatureBytes + frame.payload.length;
    case "seal":
      return headBytes + signatureBytes;
    case "progress":
      return headBytes + entryBytes.progress * frame.entries.length;
    default:
      return headBytes;
  }
}

/**
 * Bytes that a datagram takes on a link, about: to encode each of them would cost more than it
 * tells.
 */
export function datagramBytes({ message }: Datagram): number {
  const peers = message.type === "neighbours" ? message.neighbours.length : 0;
  return datagramHeadBytes + entryBytes.peer * peers;
}
