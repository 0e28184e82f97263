/**
 * What the root of a session states about its content, and a peer about its end, byte for byte as
 * they sign it (docs/protocol.md, "Statements"). What else peers say counts where it is heard.
 */
import { bytesOfId } from "./field.js";
import type { HashPage, Report, ReportStatus, Seal } from "./frame.js";
import type { SessionId } from "./identity.js";
import { encodeUtf8 } from "./utf8.js";

/** What stands before each, so that none can be taken for another. */
const domains = {
  session: "palmtree session 1",
  hashes: "palmtree hashes 1",
  seal: "palmtree seal 1",
  report: "palmtree report 1",
} as const;

const statusCodes: Readonly<Record<ReportStatus, number>> = { complete: 1, failed: 2 };

/**
 * What a session's id is the beginning of the SHA-256 of: 50 bytes. So nobody who knows the id can
 * pose another key as the root's.
 *
 * @param rootKey 32 bytes
 */
export function sessionStatement(rootKey: Uint8Array): Uint8Array {
  return join(ascii(domains.session), rootKey);
}

/** What the root signs of a hash page: 37 bytes, and 32 for each hash. */
export function pageStatement(
  session: SessionId,
  { firstChunk, payload }: Pick<HashPage, "firstChunk" | "payload">,
): Uint8Array {
  return join(ascii(domains.hashes), idOf(session), integer(firstChunk, 4), payload);
}

/** What the root signs of the seal: 71 bytes. */
export function sealStatement(
  session: SessionId,
  { sessionHash, totalBytes }: Pick<Seal, "sessionHash" | "totalBytes">,
): Uint8Array {
  return join(ascii(domains.seal), idOf(session), sessionHash, integer(totalBytes, 8));
}

/**
 * What a peer signs of its report: 44 bytes and those of the code. Its words may be left out on the
 * way, and what it measured is nobody's loss.
 */
export function reportStatement(
  session: SessionId,
  { number, status, bytes, code }: Pick<Report, "number" | "status" | "bytes" | "code">,
): Uint8Array {
  return join(
    ascii(domains.report),
    idOf(session),
    integer(number, 2),
    integer(statusCodes[status], 1),
    integer(bytes, 8),
    encodeUtf8(code),
  );
}

function idOf(session: SessionId): Uint8Array {
  return bytesOfId(session, "session", 16);
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** The most significant byte first. */
function integer(value: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let left = value;
  for (let at = length - 1; at >= 0; at -= 1) {
    bytes[at] = left % 256;
    left = Math.floor(left / 256);
  }
  return bytes;
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
