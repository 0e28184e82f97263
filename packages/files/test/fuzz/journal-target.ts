import { fromHex, toHex } from "@palmtree/wire";
import { type Draw, type FuzzTarget, joined, mutateBytes, promise } from "@palmtree/wire/fuzz";
import {
  decodeJournalHead,
  decodeJournalRecords,
  encodeJournalHead,
  encodeJournalRecords,
  journalHeadBytes,
  type WrittenPiece,
} from "../../src/core/journal.js";
import { manifestLimits } from "../../src/core/limits.js";
import { sha256 } from "../../src/sha256.js";

/** `decodeJournalHead` and `decodeJournalRecords`. */
export const journalTarget: FuzzTarget<Uint8Array> = {
  name: "journal",
  promise:
    "reading a journal never throws, and takes only heads within the limits and records that were written so",
  mostMs: 100,
  draw: drawJournal,
  check: (bytes) => {
    const head = decodeJournalHead(bytes);
    if (head === undefined) return "refused";
    const { manifestBytes, manifestHash } = head;
    promise(manifestBytes <= manifestLimits.manifestBytes, () => `a manifest of ${manifestBytes}`);
    const again = encodeJournalHead(head);
    promise(Buffer.compare(again, bytes.subarray(0, journalHeadBytes)) === 0, "another head");
    const records = bytes.subarray(journalHeadBytes + manifestBytes);
    let isAny = false;
    for (const piece of decodeJournalRecords(records, manifestHash, sha256)) {
      isAny = true;
      promise(Number.isSafeInteger(piece.offset + piece.length), "a piece has no end");
      promise(piece.length > 0 && piece.offset >= 0, "a piece is empty, or nowhere");
      const record = Buffer.from(encodeJournalRecords([piece], manifestHash, sha256));
      promise(Buffer.from(records).includes(record.subarray(0, 24)), "a record that is not there");
    }
    return isAny ? "accepted" : "refused";
  },
  write: (bytes) => toHex(bytes),
  read: (kept) => fromHex(kept as string),
};

/** A journal, three of four with something wrong. */
export function drawJournal(draw: Draw): Uint8Array {
  const manifest = draw.bytes(draw.length(200));
  const bytes = journalOf(manifest, draw);
  if (draw.chance(0.25)) return bytes;
  let changed = bytes;
  for (let left = 1 + draw.below(3); left > 0; left -= 1)
    changed = mutateBytes(changed, bytes, draw);
  return changed;
}

/** A journal about that manifest, with drawn records. */
export function journalOf(manifest: Uint8Array, draw: Draw): Uint8Array {
  const manifestHash = sha256(manifest);
  const pieces = Array.from(
    { length: draw.length(40) },
    (): WrittenPiece => ({
      entry: draw.integer(0, draw.chance(0.5) ? 5 : 2 ** 32 - 1),
      offset: draw.integer(0, draw.chance(0.5) ? 100_000 : 2 ** 53 - 2 ** 31),
      length: draw.integer(draw.chance(0.05) ? 0 : 1, draw.chance(0.9) ? 100_000 : 2 ** 30),
    }),
  );
  const head = encodeJournalHead({ manifestBytes: manifest.length, manifestHash });
  return joined(head, manifest, encodeJournalRecords(pieces, manifestHash, sha256));
}
