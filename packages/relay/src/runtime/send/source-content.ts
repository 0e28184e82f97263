import { type ScannedSources, SourceReader, sha256 } from "@palmtree/files";
import { isPalmTreeError, PalmTreeError } from "@palmtree/wire";
import type { PeerEvent } from "../../core/index.js";
import { SessionDigest } from "../session-digest.js";

/** The sending side's content: reads chunks, hashes them, and reads them again. */
export class SourceContent {
  readonly #reader: SourceReader;
  readonly #digest: SessionDigest;
  readonly #post: (event: PeerEvent) => void;
  /** Chunks before this one have been produced. */
  #produced = 0;
  /** Chunks before this one have been asked for. */
  #asked = 0;
  #isProducing = false;
  #isClosed = false;

  constructor(scanned: ScannedSources, post: (event: PeerEvent) => void) {
    this.#reader = new SourceReader(scanned);
    this.#digest = new SessionDigest(scanned);
    this.#post = post;
  }

  /** Asked for in ascending order, and answered so. */
  produce(index: number): void {
    this.#asked = index + 1;
    if (this.#isProducing) return;
    this.#isProducing = true;
    this.#produceAll().catch((error: unknown) => this.#fail(error));
  }

  /** A chunk that was produced before: the source may have changed since. */
  load(index: number, hash: Uint8Array): void {
    this.#reader.read(index).then(
      (payload) => {
        if (Buffer.compare(sha256(payload), hash) === 0)
          return this.#post({ type: "chunk-loaded", index, payload });
        const message = `Chunk ${index} is not what it was: a file changed while it was sent`;
        return this.#fail(
          new PalmTreeError("source-changed", message, { facts: { chunk: index } }),
        );
      },
      (error: unknown) => this.#fail(error),
    );
  }

  hash(pages: readonly Uint8Array[]): void {
    this.#digest.finish(pages).then(
      (sessionHash) => this.#post({ type: "session-hashed", sessionHash }),
      (error: unknown) => this.#fail(error),
    );
  }

  /** Nobody reads the payload any more. */
  release(payload: Uint8Array): void {
    this.#reader.release(payload);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reader.close();
  }

  async #produceAll(): Promise<void> {
    while (this.#produced < this.#asked && !this.#isClosed) {
      const index = this.#produced;
      const { payload, hash } = await this.#reader.produce(index);
      this.#produced += 1;
      this.#digest.offer(index, hash);
      this.#post({ type: "chunk-produced", index, hash, payload });
    }
    this.#isProducing = false;
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    const known = isPalmTreeError(error)
      ? error
      : new PalmTreeError("source-unreadable", `Cannot read what is sent: ${String(error)}`, {
          cause: error,
        });
    this.#post({ type: "failed", error: known });
  }
}
