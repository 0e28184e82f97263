import { type DescribedSources, type ProducedChunk, sha256 } from "@palmtree/files";
import { isPalmTreeError, PalmTreeError } from "@palmtree/wire";
import type { PeerEvent } from "../../core/index.js";
import { SessionDigest } from "../session-digest.js";

/** Where a root's chunks come from: files, or a stream. */
interface ChunkSource {
  /** Called in order, one at a time. Undefined where a stream has ended: its layout knows then. */
  produce(index: number): Promise<ProducedChunk | undefined>;
  /** A chunk that was produced, once more; in any order. */
  read(index: number): Promise<Uint8Array>;
  /** Nobody reads a produced payload any more. */
  release(payload: Uint8Array): void;
  close(): Promise<void>;
}

/** What a root sends: what it is called and how it is cut, and where its chunks come from. */
export interface RootSources {
  readonly described: DescribedSources;
  readonly chunks: ChunkSource;
}

/** The sending side's content: reads chunks, hashes them, and reads them again. */
export class SourceContent {
  readonly #sources: RootSources;
  readonly #digest: SessionDigest;
  readonly #post: (event: PeerEvent) => void;
  /** Chunks before this one have been produced. */
  #produced = 0;
  /** Chunks before this one have been asked for. */
  #asked = 0;
  #isProducing = false;
  #hasEnded = false;
  #isClosed = false;

  constructor(sources: RootSources, post: (event: PeerEvent) => void) {
    this.#sources = sources;
    this.#digest = new SessionDigest(sources.described);
    this.#post = post;
  }

  /** Asked for in ascending order, and answered so. */
  produce(index: number): void {
    this.#asked = index + 1;
    if (this.#isProducing || this.#hasEnded) return;
    this.#isProducing = true;
    this.#produceAll().catch((error: unknown) => this.#fail(error));
  }

  /** A chunk that was produced before: the source may have changed since. */
  load(index: number, hash: Uint8Array): void {
    this.#sources.chunks.read(index).then(
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
    this.#sources.chunks.release(payload);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#sources.chunks.close();
  }

  async #produceAll(): Promise<void> {
    while (this.#produced < this.#asked && !this.#isClosed) {
      const index = this.#produced;
      const produced = await this.#sources.chunks.produce(index);
      if (produced === undefined) return this.#onEnd();
      const { payload, hash } = produced;
      this.#produced += 1;
      this.#digest.offer(index, hash);
      this.#post({ type: "chunk-produced", index, hash, payload });
    }
    this.#isProducing = false;
  }

  #onEnd(): void {
    this.#hasEnded = true;
    this.#post({ type: "stream-ended", totalBytes: this.#sources.described.layout.totalBytes });
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
