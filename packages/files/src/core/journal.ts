import { hashBytes } from "@palmtree/wire";
import { manifestLimits } from "./limits.js";
import type { Hash } from "./merkle.js";

/*
 * The format of a staging directory's journal (docs/staging.md). A head with the manifest, and then
 * a record for each piece of a file that was written, in any order. It is read after crashes and
 * losses of power, so every part of it says whether it is whole: what is not is as if it were not
 * there. All numbers are big-endian.
 *
 * head:    8 magic and version | 4 bytes of the manifest | 32 its SHA-256 | the manifest
 * record:  4 entry | 8 offset | 4 length | 8 first bytes of SHA-256(manifest hash ‖ the 16 before)
 */

/** "PTstage" and the version, 1. */
const magic = Uint8Array.of(0x50, 0x54, 0x73, 0x74, 0x61, 0x67, 0x65, 1);

/** Bytes of the head before the manifest. */
export const journalHeadBytes = 44;

/** Bytes of one record. */
export const journalRecordBytes = 24;

const checkedBytes = 16;
/** Bytes of the piece that one record is about, at most. */
const mostPieceBytes = 2 ** 30;

/** A piece of a file that was written. */
export interface WrittenPiece {
  /** The file: its index in the manifest's entries. */
  readonly entry: number;
  /** Bytes of the file before the piece. */
  readonly offset: number;
  /** Bytes in the piece, at least 1. */
  readonly length: number;
}

/** What the head of a journal says. */
export interface JournalHead {
  readonly manifestBytes: number;
  /** SHA-256 of the encoded manifest. */
  readonly manifestHash: Uint8Array;
}

/** The beginning of a journal: what comes before the manifest. */
export function encodeJournalHead({ manifestBytes, manifestHash }: JournalHead): Uint8Array {
  const bytes = new Uint8Array(journalHeadBytes);
  bytes.set(magic);
  new DataView(bytes.buffer).setUint32(magic.length, manifestBytes);
  bytes.set(manifestHash, magic.length + 4);
  return bytes;
}

/** @returns undefined when these are not the first 44 bytes of a journal of this version */
export function decodeJournalHead(bytes: Uint8Array): JournalHead | undefined {
  if (bytes.length < journalHeadBytes) return undefined;
  if (!magic.every((byte, at) => byte === bytes[at])) return undefined;
  const manifestBytes = viewOf(bytes).getUint32(magic.length);
  if (manifestBytes > manifestLimits.manifestBytes) return undefined;
  const start = magic.length + 4;
  return { manifestBytes, manifestHash: bytes.slice(start, start + hashBytes) };
}

/** Encodes records, for the journal with that manifest; several for a piece of more than 1 GiB. */
export function encodeJournalRecords(
  pieces: readonly WrittenPiece[],
  manifestHash: Uint8Array,
  hash: Hash,
): Uint8Array {
  const short = pieces.flatMap((piece) => [...split(piece)]);
  const bytes = new Uint8Array(short.length * journalRecordBytes);
  const view = viewOf(bytes);
  for (const [place, { entry, offset, length }] of short.entries()) {
    const at = place * journalRecordBytes;
    view.setUint32(at, entry);
    view.setBigUint64(at + 4, BigInt(offset));
    view.setUint32(at + 12, length);
    const checked = bytes.subarray(at, at + checkedBytes);
    bytes.set(recordCheck(checked, manifestHash, hash), at + checkedBytes);
  }
  return bytes;
}

/**
 * Decodes records. One that is not whole, or not of this manifest, is left out: a torn write or a
 * flipped bit costs what it was about, and nothing else.
 */
export function* decodeJournalRecords(
  bytes: Uint8Array,
  manifestHash: Uint8Array,
  hash: Hash,
): Generator<WrittenPiece, void, undefined> {
  const view = viewOf(bytes);
  for (let at = 0; at + journalRecordBytes <= bytes.length; at += journalRecordBytes) {
    const expected = recordCheck(bytes.subarray(at, at + checkedBytes), manifestHash, hash);
    if (!expected.every((byte, place) => byte === bytes[at + checkedBytes + place])) continue;
    const offset = Number(view.getBigUint64(at + 4));
    const length = view.getUint32(at + 12);
    if (length === 0 || !Number.isSafeInteger(offset + length)) continue;
    yield { entry: view.getUint32(at), offset, length };
  }
}

function* split({ entry, offset, length }: WrittenPiece): Generator<WrittenPiece> {
  for (let done = 0; done < length; done += mostPieceBytes)
    yield { entry, offset: offset + done, length: Math.min(length - done, mostPieceBytes) };
}

function recordCheck(record: Uint8Array, manifestHash: Uint8Array, hash: Hash): Uint8Array {
  const bytes = new Uint8Array(manifestHash.length + record.length);
  bytes.set(manifestHash);
  bytes.set(record, manifestHash.length);
  return hash(bytes).subarray(0, journalRecordBytes - checkedBytes);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
