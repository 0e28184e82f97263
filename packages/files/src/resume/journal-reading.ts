import {
  decodeJournalHead,
  decodeJournalRecords,
  type JournalHead,
  journalHeadBytes,
  journalRecordBytes,
} from "../core/journal.js";
import { decodeManifest, type Manifest } from "../core/manifest.js";
import { WrittenPieces } from "../core/written-pieces.js";
import { allocate, type Descriptor, readInto } from "../descriptor.js";
import { sha256 } from "../sha256.js";
import { withPlainFile } from "./plain-file.js";

/** Records that are read at once: 1.5 MiB, which take about 50 ms to check. */
const recordsAtOnce = 65_536;
/** Records that are read at all: as many as there may be chunks. */
const mostRecords = 2 ** 24;

/** What a journal says. */
export interface Journal {
  readonly manifest: Manifest;
  readonly manifestHash: Uint8Array;
  /** What was written, by the entries of that manifest; within their sizes. */
  readonly pieces: WrittenPieces;
}

/** The head of a journal alone: which manifest it is about. Undefined when it is none. */
export async function readJournalHead(path: string): Promise<JournalHead | undefined> {
  return await withPlainFile(path, async (file) => await readHead(file));
}

/**
 * Reads a journal. It is trusted no further than it can be checked: it may be torn, or somebody's.
 *
 * @returns undefined when there is none that can be used
 */
export async function readJournal(path: string): Promise<Journal | undefined> {
  return await withPlainFile(path, async (file, { size }) => {
    const head = await readHead(file);
    if (head === undefined) return undefined;
    const { manifestBytes, manifestHash } = head;
    const start = journalHeadBytes + manifestBytes;
    if (start > size) return undefined;
    const bytes = allocate(manifestBytes);
    await readInto(file, bytes, journalHeadBytes);
    if (Buffer.compare(sha256(bytes), manifestHash) !== 0) return undefined;
    const manifest = decodeManifest(bytes);
    const pieces = new WrittenPieces();
    const count = Math.floor((size - start) / journalRecordBytes);
    await readRecords(file, { start, count: Math.min(count, mostRecords) }, (records) => {
      for (const piece of decodeJournalRecords(records, manifestHash, sha256)) {
        const sizeBytes = manifest.entries.at(piece.entry)?.sizeBytes ?? 0;
        if (piece.offset + piece.length <= sizeBytes) pieces.add(piece);
      }
    });
    return { manifest, manifestHash, pieces };
  });
}

async function readHead(file: Descriptor): Promise<JournalHead | undefined> {
  const head = allocate(journalHeadBytes);
  await readInto(file, head, 0);
  return decodeJournalHead(head);
}

async function readRecords(
  file: Descriptor,
  { start, count }: { readonly start: number; readonly count: number },
  take: (records: Uint8Array) => void,
): Promise<void> {
  for (let done = 0; done < count; done += recordsAtOnce) {
    const records = allocate(Math.min(recordsAtOnce, count - done) * journalRecordBytes);
    await readInto(file, records, start + done * journalRecordBytes);
    take(records);
  }
}
