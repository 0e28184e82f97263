import type { Bitmap } from "@palmtree/files/core";
import type { HashPage, Have, RefuseReason, Seal } from "@palmtree/wire";
import type { Context } from "../context.js";
import type { ChunkSizes, ConnectionId } from "../event.js";
import { Backlog } from "./backlog.js";
import { faultOfRuns } from "./chunk-runs.js";
import { Content } from "./content.js";
import { type Inlet, Inlets, type SourceFlow } from "./inlets.js";
import { Leftovers } from "./leftovers.js";
import { ManifestAssembly } from "./manifest-assembly.js";
import { MissingChunks } from "./missing-chunks.js";
import type { Promised } from "./promised.js";
import { Repair } from "./repair.js";
import { isSame } from "./same-bytes.js";
import { Statements } from "./statements.js";
import type { Stripes } from "./stripes.js";
import { Tally } from "./tally.js";

/** Bytes in a millisecond that a link is expected to carry: 1 Mbit/s. */
export const slowBytesPerMs = 125;

/**
 * The receiving half of a peer: the manifest from the parent, hash pages and chunks from the parent
 * or from the sources of feeds, whichever the session's strategy has. A chunk is verified against
 * its page before anything else is done with it; then it is held, and goes to the disk and to the
 * sinks at the same time.
 */
export class Intake {
  readonly tally: Tally = new Tally();
  readonly #context: Context;
  readonly #promised: Promised;
  readonly #statements: Statements;
  readonly #assembly: ManifestAssembly;
  #manifest: Uint8Array | undefined;
  #content: Content | undefined;
  readonly #inlets: Inlets;
  readonly #missing = new MissingChunks();
  readonly #repair: Repair;
  readonly #backlog: Backlog;
  #isStored = false;

  /** @param heard called for a neighbour whose silence was of this peer's own making */
  constructor(context: Context, promised: Promised, heard: (number: number) => void) {
    this.#context = context;
    this.#inlets = new Inlets(context, heard);
    this.#promised = promised;
    this.#statements = new Statements(context, promised.session);
    this.#backlog = new Backlog(context.options);
    this.#repair = new Repair(context, promised.strategy, this.#inlets, this.#missing);
    this.#assembly = new ManifestAssembly(promised.manifestBytes);
  }

  get content(): Content | undefined {
    return this.#content;
  }

  get manifest(): Uint8Array | undefined {
    return this.#manifest;
  }

  /** Whether chunks are being held back because the disk is behind. */
  get isHoldingBack(): boolean {
    return this.#inlets.isPaused;
  }

  /** Whether chunks are missing, and read as they come. */
  get isHungry(): boolean {
    return this.#content?.held.isFull === false && !this.isHoldingBack;
  }

  /** What comes from those that feed this peer; it owes nothing yet as long as a chunk may take. */
  get flows(): readonly SourceFlow[] {
    const chunkMs = this.#promised.chunkSizeBytes / slowBytesPerMs;
    return this.#inlets.flows(this.#repair.overdue(chunkMs));
  }

  /** A new parent begins the manifest anew. */
  restartManifest(): void {
    if (this.#manifest === undefined) this.#assembly.restart();
  }

  /** Chunks of these stripes come over that connection from now on; what is held is told there. */
  setInlet(number: number, connection: ConnectionId, stripes: Stripes): void {
    const inlet = { number, connection, stripes };
    this.#inlets.set(inlet);
    this.#tellHolds(inlet);
  }

  removeInlet(connection: ConnectionId): void {
    this.#inlets.remove(connection);
    this.#repair.onRemoved(connection);
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

  /**
   * The manifest has its promised hash, and there is room for what it lists.
   *
   * @param leftovers chunks that may be on disk from before; not kept
   */
  onManifestOpened(sizes: ChunkSizes, leftovers?: Bitmap): Content {
    const content = new Content(sizes, this.#promised.chunkSizeBytes, this.#context.options);
    this.#content = content;
    this.#inlets.open(sizes.chunkCount);
    const hasLeftovers = leftovers !== undefined && leftovers.count > 0;
    this.#missing.open(
      content.held,
      hasLeftovers ? new Leftovers(this.#context, content, leftovers.clone()) : undefined,
    );
    this.#repair.open(content);
    for (const inlet of this.#inlets.all) this.#tellHolds(inlet);
    return content;
  }

  /** @returns what is wrong, if something is */
  onHashes(said: HashPage): string | undefined {
    const pages = this.#content?.pages;
    if (pages === undefined) return "hashes before the bitmap was sent";
    const page = pages.pageOf(said.firstChunk);
    const isNew = pages.get(page) === undefined;
    const fault = pages.put(said, this.#statements.isOfRoot);
    if (fault === undefined && isNew) this.#missing.leftovers?.onPage(page);
    return fault;
  }

  /** What was claimed is here; or it is something else, and whoever feeds it has to send it. */
  onLeftoverChecked(index: number, isIntact: boolean): void {
    const content = this.#content;
    if (content === undefined || this.#missing.leftovers?.onChecked(index) !== true) return;
    if (!isIntact) this.#repair.takeBack(index);
    else if (content.hold(index)) {
      this.tally.onResumed(content.lengthOf(index));
      this.#context.tell({ type: "chunk-held", index });
    }
    this.#repair.postponeWant();
    this.#checkWhole();
  }

  /** @returns what is wrong, if something is */
  onChunk(connection: ConnectionId, index: number, payload: Uint8Array): string | undefined {
    const content = this.#content;
    if (content === undefined) return "a chunk before the bitmap was sent";
    if (index >= content.chunkCount) return `chunk ${index} of ${content.chunkCount}`;
    const length = content.lengthOf(index);
    if (payload.length !== length)
      return `chunk ${index} of ${payload.length} bytes, expected ${length}`;
    const hash = content.pages.hashOf(index);
    if (hash === undefined) return `chunk ${index} before its hash page`;
    this.#inlets.note(connection, index, length, this.#missing.has);
    if (!this.#missing.has(index)) {
      this.tally.onDuplicate(length);
      return undefined;
    }
    this.#missing.onVerifying(index);
    this.#repair.onChunk(connection, index);
    this.#context.emit({ type: "verify-chunk", connection, index, hash, payload });
    return undefined;
  }

  /** @returns what is wrong, if something is */
  onVerified(index: number, payload: Uint8Array, isIntact: boolean): string | undefined {
    const content = this.#content;
    this.#missing.onVerified(index);
    if (content === undefined) return undefined;
    if (!isIntact) return `chunk ${index} does not have its hash`;
    if (!content.hold(index)) return undefined;
    this.tally.onHeld(payload.length);
    this.#backlog.add(index, payload.length);
    content.ring.put(index, payload, this.#context.releaseChunk);
    this.#context.emit({ type: "store-chunk", index, payload });
    this.#context.tell({ type: "chunk-held", index });
    this.#holdBack();
    this.#repair.postponeWant();
    return undefined;
  }

  onStored(index: number): void {
    this.#backlog.remove(index);
    this.#letGo();
    this.#checkWhole();
  }

  /** @returns what is wrong, if something is */
  onSeal(said: Seal): string | undefined {
    const content = this.#content;
    if (content === undefined) return "a seal before the bitmap was sent";
    const { sessionHash, totalBytes } = said;
    if (content.sessionHash !== undefined && !isSame(content.sessionHash, sessionHash))
      return "another session hash than before";
    if (!content.isOpen && totalBytes !== content.totalBytes)
      return `a seal of ${totalBytes} bytes, expected ${content.totalBytes}`;
    if (content.seal !== undefined) return undefined;
    // Before anything follows from it: a made-up end would make honest sources look like liars.
    if (!this.#statements.isOfRoot(said)) return "a seal that the root has not signed";
    const fault = content.isOpen ? this.#endStream(content, totalBytes) : undefined;
    if (fault !== undefined) return fault;
    content.seal = said;
    this.#repair.postponeWant();
    this.#checkWhole();
    return undefined;
  }

  /** @returns what is wrong, if something is */
  #endStream(content: Content, totalBytes: number): string | undefined {
    const fault = content.end(totalBytes);
    if (fault !== undefined) return fault;
    const { chunkCount } = content;
    this.#repair.end(chunkCount);
    this.#context.emit({ type: "end-stream", totalBytes });
    const step = { type: "stream-ended", chunkCount, totalBytes } as const;
    this.#context.emit({ type: "report-step", step });
    return undefined;
  }

  /** A source that does not feed this peer says what it may be asked for. @returns a fault */
  onHave(connection: ConnectionId, said: Have): string | undefined {
    const content = this.#content;
    if (content === undefined) return "chunks before the bitmap was sent";
    const fault = faultOfRuns(said.runs, content.chunkCount);
    if (fault !== undefined) return fault;
    this.#repair.onHave(connection, said);
    return undefined;
  }

  /** @returns what is wrong, if something is */
  onRefuse(connection: ConnectionId, index: number, reason: RefuseReason): string | undefined {
    const chunkCount = this.#content?.chunkCount ?? 0;
    if (index >= chunkCount) return `a refusal of chunk ${index} of ${chunkCount}`;
    return this.#repair.onRefuse(connection, index, reason);
  }

  onTick(): void {
    this.#repair.onTick();
  }

  deadline(): number | undefined {
    return this.#repair.deadline();
  }

  #tellHolds(inlet: Inlet): void {
    const content = this.#content;
    if (content === undefined) return;
    const { count, wanted } = inlet.stripes;
    this.#inlets.send(inlet, {
      type: "holds",
      stripeCount: count,
      stripes: wanted,
      payload: content.encode(this.#missing.complement()),
    });
    this.#repair.onTold(inlet, content);
  }

  #holdBack(): void {
    if (!this.isHoldingBack && this.#backlog.exceeds(1)) this.#inlets.pause();
  }

  #letGo(): void {
    // Half is where reading resumes, so that it is not stopped and started for every chunk.
    if (!this.isHoldingBack || this.#backlog.exceeds(0.5)) return;
    this.#inlets.resume();
    this.#repair.postponeWant();
  }

  #checkWhole(): void {
    const content = this.#content;
    if (this.#isStored || content?.sessionHash === undefined) return;
    if (!content.held.isFull || !this.#backlog.isEmpty || !content.pages.isComplete) return;
    this.#isStored = true;
    this.#context.tell({ type: "all-stored" });
  }
}
