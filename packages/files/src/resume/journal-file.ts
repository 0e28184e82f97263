import { constants } from "node:fs";
import { rename, unlink } from "node:fs/promises";
import {
  encodeJournalHead,
  encodeJournalRecords,
  journalHeadBytes,
  type WrittenPiece,
} from "../core/journal.js";
import { closeFile, type Descriptor, openFile, writeAll } from "../descriptor.js";
import { sha256 } from "../sha256.js";

const { O_CREAT, O_EXCL, O_WRONLY } = constants;

/** What a journal is about. */
export interface JournalContent {
  /** The encoded manifest; not copied. */
  readonly manifest: Uint8Array;
  /** Its SHA-256. */
  readonly manifestHash: Uint8Array;
  /** What is written already. */
  readonly pieces: readonly WrittenPiece[];
}

/**
 * The journal of a staging directory, to which pieces are added after they were written. Nothing
 * waits for it, and nothing fails because of it: what it does not say is fetched again, that is
 * all. Pieces that come while it writes go into its next write.
 */
export class JournalFile {
  readonly #manifestHash: Uint8Array;
  #waiting: WrittenPiece[] = [];
  #position: number;
  #file: Descriptor | undefined;
  #writing: Promise<void>;
  #isWriting = true;
  #hasFailed = false;

  /**
   * Begins a journal, in place of the one that is there.
   *
   * @param path - of the journal; `path.new` is written first
   */
  constructor(path: string, content: JournalContent) {
    this.#manifestHash = content.manifestHash;
    this.#position = journalHeadBytes + content.manifest.length;
    this.#writing = this.#begin(path, content);
  }

  /** A piece is written. */
  add(piece: WrittenPiece): void {
    if (this.#hasFailed) return;
    this.#waiting.push(piece);
    if (!this.#isWriting) this.#writing = this.#write();
  }

  /** Waits until all that was added is written, and closes the file. Nothing may be added later. */
  async close(): Promise<void> {
    await this.#writing;
    this.#hasFailed = true;
    if (this.#file !== undefined) await closeFile(this.#file).catch(() => undefined);
    this.#file = undefined;
  }

  async #begin(path: string, { manifest, manifestHash, pieces }: JournalContent): Promise<void> {
    const path2 = `${path}.new`;
    try {
      await unlink(path2).catch(() => undefined);
      this.#file = await openFile(path2, O_CREAT | O_EXCL | O_WRONLY, 0o600);
      const head = encodeJournalHead({ manifestBytes: manifest.length, manifestHash });
      await writeAll(this.#file, [head, manifest], 0);
      this.#waiting = [...pieces, ...this.#waiting];
      await this.#write();
      await rename(path2, path);
    } catch {
      this.#hasFailed = true;
    }
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#waiting.length > 0 && this.#file !== undefined) {
        const records = encodeJournalRecords(this.#waiting, this.#manifestHash, sha256);
        this.#waiting = [];
        await writeAll(this.#file, [records], this.#position);
        this.#position += records.length;
      }
    } catch {
      this.#hasFailed = true;
    }
    this.#isWriting = false;
  }
}
