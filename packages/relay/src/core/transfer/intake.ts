import { Bitmap } from "@palmtree/files/core";
import { wireLimits } from "@palmtree/wire";
import type { Context } from "../context.js";
import type { ChunkSizes, ConnectionId } from "../event.js";
import type { Links } from "../link/links.js";
import { Content } from "./content.js";
import { ManifestAssembly } from "./manifest-assembly.js";

/** What an invitation promises about the content. */
export interface Promised {
  readonly chunkCount: number;
  readonly chunkSizeBytes: number;
  readonly totalBytes: number;
  readonly manifestBytes: number;
}

/**
 * The receiving half of a peer: manifest, hash pages and chunks from the parent. A chunk is
 * verified against its page before anything else is done with it; then it is held, and goes to
 * the disk and to the children at the same time.
 */
export class Intake {
  readonly #context: Context;
  readonly #links: Links;
  readonly #promised: Promised;
  readonly #assembly: ManifestAssembly;
  #manifest: Uint8Array | undefined;
  #content: Content | undefined;
  #parent: number | undefined;
  readonly #verifying = new Set<number>();
  readonly #unstored = new Map<number, number>();
  #unstoredBytes = 0;
  #pausedConnection: ConnectionId | undefined;
  #bytes = 0;
  #duplicates = 0;
  #wantAt: number | undefined;
  #isStored = false;

  constructor(context: Context, links: Links, promised: Promised) {
    this.#context = context;
    this.#links = links;
    this.#promised = promised;
    this.#assembly = new ManifestAssembly(promised.manifestBytes);
  }

  get content(): Content | undefined {
    return this.#content;
  }

  get manifest(): Uint8Array | undefined {
    return this.#manifest;
  }

  /** Payload bytes taken in and verified. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Chunks that came although they were held or on their way to be. */
  get duplicates(): number {
    return this.#duplicates;
  }

  onParentGained(number: number): void {
    this.#parent = number;
    if (this.#manifest === undefined) this.#assembly.restart();
    this.#tellHolds();
  }

  onParentLost(): void {
    this.#parent = undefined;
    this.#pausedConnection = undefined;
    this.#wantAt = undefined;
  }

  /** @returns what is wrong, if something is */
  onManifestPart(offset: number, payload: Uint8Array): string | undefined {
    if (this.#manifest !== undefined) return "a manifest part after the manifest was complete";
    const fault = this.#assembly.put(offset, payload);
    if (fault !== undefined || !this.#assembly.isComplete) return fault;
    this.#manifest = this.#assembly.take();
    this.#context.emit({ type: "open-manifest", manifest: this.#manifest });
    return undefined;
  }

  /** The manifest has its promised hash, and there is room for what it lists. */
  onManifestOpened(sizes: ChunkSizes): Content {
    this.#content = new Content(sizes, this.#promised.chunkSizeBytes, this.#context.options);
    this.#tellHolds();
    return this.#content;
  }

  /** @returns what is wrong, if something is */
  onHashes(firstChunk: number, payload: Uint8Array): string | undefined {
    if (this.#content === undefined) return "hashes before the bitmap was sent";
    return this.#content.pages.put(firstChunk, payload);
  }

  /** @returns what is wrong, if something is */
  onChunk(connection: ConnectionId, index: number, payload: Uint8Array): string | undefined {
    const content = this.#content;
    if (content === undefined) return "a chunk before the bitmap was sent";
    if (index >= content.chunkCount) return `chunk ${index} of ${content.chunkCount}`;
    const length = content.sizes.lengthOf(index);
    if (payload.length !== length)
      return `chunk ${index} of ${payload.length} bytes, expected ${length}`;
    const hash = content.pages.hashOf(index);
    if (hash === undefined) return `chunk ${index} before its hash page`;
    if (content.held.has(index) || this.#verifying.has(index)) {
      this.#duplicates += 1;
      return undefined;
    }
    this.#verifying.add(index);
    this.#context.emit({ type: "verify-chunk", connection, index, hash, payload });
    return undefined;
  }

  /** @returns what is wrong, if something is */
  onVerified(index: number, payload: Uint8Array, isIntact: boolean): string | undefined {
    const content = this.#content;
    this.#verifying.delete(index);
    if (content === undefined) return undefined;
    if (!isIntact) return `chunk ${index} does not have its hash`;
    if (!content.hold(index)) return undefined;
    this.#bytes += payload.length;
    this.#unstored.set(index, payload.length);
    this.#unstoredBytes += payload.length;
    content.ring.put(index, payload, this.#context.releaseChunk);
    this.#context.emit({ type: "store-chunk", index, payload });
    this.#context.tell({ type: "chunk-held", index });
    this.#holdBack();
    this.#armWant();
    return undefined;
  }

  onStored(index: number): void {
    this.#unstoredBytes -= this.#unstored.get(index) ?? 0;
    this.#unstored.delete(index);
    this.#letGo();
    this.#checkWhole();
  }

  /** @returns what is wrong, if something is */
  onSeal(sessionHash: Uint8Array): string | undefined {
    const content = this.#content;
    if (content === undefined) return "a seal before the bitmap was sent";
    const known = content.sessionHash;
    if (known !== undefined && !known.every((byte, at) => byte === sessionHash[at]))
      return "another session hash than before";
    content.sessionHash = sessionHash;
    this.#armWant();
    this.#checkWhole();
    return undefined;
  }

  /** End-of-transfer request: everything was sent, so what is missing now has to be asked for. */
  onTick(): void {
    if (this.#wantAt === undefined || this.#wantAt > this.#context.now) return;
    this.#wantAt = undefined;
    const content = this.#content;
    if (content === undefined || this.#parent === undefined || content.held.isFull) return;
    const wanted = new Bitmap(content.chunkCount);
    let index = content.held.firstClear(0);
    while (index !== -1 && wanted.count < wireLimits.wantedChunks) {
      wanted.set(index);
      index = content.held.firstClear(index + 1);
    }
    this.#links.send(this.#parent, { type: "want", payload: wanted.toBytes() });
    this.#armWant();
  }

  deadline(): number | undefined {
    return this.#wantAt;
  }

  #tellHolds(): void {
    if (this.#parent === undefined || this.#content === undefined) return;
    this.#links.send(this.#parent, { type: "holds", payload: this.#content.held.toBytes() });
    this.#armWant();
  }

  #armWant(): void {
    const content = this.#content;
    const isMissing = content?.sessionHash !== undefined && !content.held.isFull;
    // While the parent is held back, what is missing may be on its way.
    const isListening = this.#parent !== undefined && this.#pausedConnection === undefined;
    this.#wantAt =
      isMissing && isListening ? this.#context.now + this.#context.options.wantAfterMs : undefined;
  }

  #holdBack(): void {
    if (this.#pausedConnection !== undefined || this.#parent === undefined) return;
    if (!this.#isBehind(1)) return;
    const connection = this.#links.connectionOf(this.#parent);
    if (connection === undefined) return;
    this.#pausedConnection = connection;
    this.#context.emit({ type: "pause-connection", connection });
  }

  #letGo(): void {
    // Half is where reading resumes, so that it is not stopped and started for every chunk.
    if (this.#pausedConnection === undefined || this.#isBehind(0.5)) return;
    this.#context.emit({ type: "resume-connection", connection: this.#pausedConnection });
    this.#pausedConnection = undefined;
    // Silence was of our own making.
    if (this.#parent !== undefined) this.#links.heard(this.#parent);
    this.#armWant();
  }

  #isBehind(share: number): boolean {
    const { unstoredBytes, unstoredChunks } = this.#context.options;
    return (
      this.#unstoredBytes > unstoredBytes * share || this.#unstored.size > unstoredChunks * share
    );
  }

  #checkWhole(): void {
    const content = this.#content;
    if (this.#isStored || content?.sessionHash === undefined) return;
    if (!content.held.isFull || this.#unstored.size > 0 || !content.pages.isComplete) return;
    this.#isStored = true;
    this.#context.tell({ type: "all-stored" });
  }
}
