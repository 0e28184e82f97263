import type { Bitmap } from "@palmtree/files/core";
import { type HashPage, type Have, type RefuseReason, type Seal, wireLimits } from "@palmtree/wire";
import { type Context, earlier } from "../context.js";
import type { ChunkSizes, ConnectionId } from "../event.js";
import { Arrivals } from "./arrivals.js";
import { Backlog } from "./backlog.js";
import { faultOfRuns, runsOf } from "./chunk-runs.js";
import { Content } from "./content.js";
import { type Inlet, Inlets, type SourceFlow } from "./inlets.js";
import { Leftovers } from "./leftovers.js";
import { ManifestAssembly } from "./manifest-assembly.js";
import type { Promised } from "./promised.js";
import { mostAsked, Pull } from "./pull.js";
import { isSame } from "./same-bytes.js";
import { Statements } from "./statements.js";
import type { Stripes } from "./stripes.js";
import { Tally } from "./tally.js";

/** How often a peer looks whether something is overdue. */
const lookMs = 50;

/** Who has lost its parent looks for a new one first: for this long it asks nobody for chunks. */
const orphanMs = 1_000;

/** Overdue chunks that are looked at at once. */
const overdueChunks = 64;

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
  #leftovers: Leftovers | undefined;
  readonly #inlets: Inlets;
  readonly #verifying = new Set<number>();
  readonly #backlog: Backlog;
  readonly #pull: Pull;
  #arrivals: Arrivals;
  #lookAt: number | undefined;
  #wantAt: number | undefined;
  #isStored = false;

  /** @param heard called for a neighbour whose silence was of this peer's own making */
  constructor(context: Context, promised: Promised, heard: (number: number) => void) {
    this.#context = context;
    this.#inlets = new Inlets(context, heard);
    this.#promised = promised;
    this.#statements = new Statements(context, promised.session);
    this.#backlog = new Backlog(context.options);
    this.#pull = new Pull(context);
    this.#arrivals = new Arrivals(context.now);
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
    const isStalled = this.#arrivals.isStalled(this.#context.now, chunkMs);
    return this.#inlets.flows(isStalled ? this.#missing(overdueChunks) : []);
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
    this.#pull.remove(connection);
    this.#armWant();
    this.#lookAt ??= this.#context.now + lookMs;
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
    this.#content = new Content(sizes, this.#promised.chunkSizeBytes, this.#context.options);
    this.#inlets.open(sizes.chunkCount);
    this.#lookAt ??= this.#context.now + lookMs; // the parent may be gone by now
    if (leftovers !== undefined && leftovers.count > 0)
      this.#leftovers = new Leftovers(this.#context, this.#content, leftovers.clone());
    this.#arrivals = new Arrivals(this.#context.now);
    for (const inlet of this.#inlets.all) this.#tellHolds(inlet);
    return this.#content;
  }

  /** @returns what is wrong, if something is */
  onHashes(said: HashPage): string | undefined {
    const pages = this.#content?.pages;
    if (pages === undefined) return "hashes before the bitmap was sent";
    const page = pages.pageOf(said.firstChunk);
    const isNew = pages.get(page) === undefined;
    const fault = pages.put(said, this.#statements.isOfRoot);
    if (fault === undefined && isNew) this.#leftovers?.onPage(page);
    return fault;
  }

  /** What was claimed is here; or it is something else, and whoever feeds it has to send it. */
  onLeftoverChecked(index: number, isIntact: boolean): void {
    const content = this.#content;
    if (content === undefined || this.#leftovers?.onChecked(index) !== true) return;
    if (!isIntact) this.#takeBack(index);
    else if (content.hold(index)) {
      this.tally.onResumed(content.lengthOf(index));
      this.#context.tell({ type: "chunk-held", index });
    }
    this.#armWant();
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
    this.#inlets.note(connection, index, length, (at) => !this.#isClaimed(content, at));
    if (this.#isClaimed(content, index)) {
      this.tally.onDuplicate(length);
      return undefined;
    }
    this.#verifying.add(index);
    const isAsked = this.#pull.onChunk(index, connection);
    this.#arrivals.note(this.#context.now, isAsked);
    if (isAsked) this.#cancel(connection, index);
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
    this.tally.onHeld(payload.length);
    this.#backlog.add(index, payload.length);
    content.ring.put(index, payload, this.#context.releaseChunk);
    this.#context.emit({ type: "store-chunk", index, payload });
    this.#context.tell({ type: "chunk-held", index });
    this.#holdBack();
    this.#armWant();
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
    this.#armWant();
    this.#checkWhole();
    return undefined;
  }

  /** @returns what is wrong, if something is */
  #endStream(content: Content, totalBytes: number): string | undefined {
    const fault = content.end(totalBytes);
    if (fault !== undefined) return fault;
    const { chunkCount } = content;
    this.#pull.end(chunkCount);
    this.#context.emit({ type: "end-stream", totalBytes });
    const step = { type: "stream-ended", chunkCount, totalBytes } as const;
    this.#context.emit({ type: "report-step", step });
    return undefined;
  }

  /** A source that does not feed this peer says what it may be asked for. @returns a fault */
  onHave(connection: ConnectionId, { isIdle, runs }: Have): string | undefined {
    const content = this.#content;
    if (content === undefined) return "chunks before the bitmap was sent";
    const fault = faultOfRuns(runs, content.chunkCount);
    if (fault !== undefined) return fault;
    this.#pull.onHave(connection, isIdle, runs);
    return undefined;
  }

  /** @returns what is wrong, if something is */
  onRefuse(connection: ConnectionId, index: number, reason: RefuseReason): string | undefined {
    const chunkCount = this.#content?.chunkCount ?? 0;
    if (index >= chunkCount) return `a refusal of chunk ${index} of ${chunkCount}`;
    this.#pull.onRefuse(connection, index, reason);
    return undefined;
  }

  onTick(): void {
    this.#askForMissing();
    this.#askAround();
  }

  deadline(): number | undefined {
    return earlier(this.#wantAt, this.#lookAt);
  }

  /** End-of-transfer request: everything was sent, so what is missing now has to be asked for. */
  #askForMissing(): void {
    if (this.#wantAt === undefined || this.#wantAt > this.#context.now) return;
    this.#wantAt = undefined;
    const content = this.#content;
    const inlet = this.#inlets.next();
    if (content === undefined || inlet === undefined || content.held.isFull) return;
    const isFeeder = inlet.stripes.wanted.length > 0;
    const missing = this.#missing(isFeeder ? wireLimits.wantedChunks : mostAsked);
    const indexes = this.#leftovers?.withPages(missing) ?? missing;
    const runs = runsOf(indexes);
    if (runs.length > 0) this.#inlets.send(inlet, { type: "want", runs });
    this.#armWant();
  }

  /** What the plan does not bring in time is asked of others. */
  #askAround(): void {
    const { now } = this.#context;
    if (this.#lookAt === undefined || this.#lookAt > now) return;
    const content = this.#content;
    const isTree = this.#promised.strategy === "tree";
    const isDone = content?.held.isFull === true && content.seal !== undefined;
    // In a tree the parent sends everything, and who has one asks nobody else.
    if (content === undefined || isDone || (isTree && this.#inlets.isFed)) {
      this.#lookAt = undefined;
      return;
    }
    this.#lookAt = now + lookMs;
    const isTail = this.#arrivals.hasRoom(now) && content.sessionHash !== undefined;
    const isStalled = this.#arrivals.isStalled(now, isTree ? orphanMs : undefined);
    if (this.isHoldingBack || !(isStalled || isTail)) return;
    const overdue = isStalled ? [...this.#missing(overdueChunks)] : [];
    const isHelpless = this.#pull.ask({ held: this.#claimed(content), overdue, isTail });
    const isAlone = this.#pull.helperCount === 0;
    // Only who has the seal knows that there is no more; and it comes with a feed.
    const isUnsealed = isStalled && content.seal === undefined && (isTree || isAlone);
    if (isUnsealed || (overdue.length > 0 && (isHelpless || isAlone)))
      this.#context.tell({ type: "help-wanted" });
  }

  /** The lowest chunks that are missing, at most so many. */
  *#missing(most: number): Generator<number> {
    const content = this.#content;
    if (content === undefined) return;
    const { held } = content;
    // Of a stream nobody misses what has not been heard of.
    const end = content.isOpen
      ? Math.max(content.pages.knownEnd, this.#pull.claimedEnd)
      : content.chunkCount;
    let left = most;
    let index = held.firstClear(0);
    for (; index >= 0 && index < end && left > 0; index = held.firstClear(index + 1)) {
      if (this.#isClaimed(content, index)) continue;
      left -= 1;
      yield index;
    }
  }

  /** Whether nobody needs to send it: it is here, or being verified, or may be here from before. */
  #isClaimed(content: Content, index: number): boolean {
    if (content.held.has(index) || this.#verifying.has(index)) return true;
    return this.#leftovers?.has(index) === true;
  }

  #claimed(content: Content): Bitmap {
    const claimed = content.held.clone();
    if (this.#leftovers !== undefined) claimed.add(this.#leftovers.claimed);
    for (const index of this.#verifying) claimed.set(index);
    return claimed;
  }

  /** It was claimed, and is not here: its source may have passed over it. */
  #takeBack(index: number): void {
    const runs = [{ first: index, count: 1 }];
    const feeder = this.#inlets.feederOf(index);
    if (feeder !== undefined) this.#inlets.send(feeder, { type: "want", runs });
  }

  #tellHolds(inlet: Inlet): void {
    const content = this.#content;
    if (content === undefined) return;
    const { count, wanted } = inlet.stripes;
    this.#inlets.send(inlet, {
      type: "holds",
      stripeCount: count,
      stripes: wanted,
      payload: content.encode(this.#claimed(content)),
    });
    this.#armWant();
    if (wanted.length > 0) return this.#pull.remove(inlet.connection);
    this.#pull.add(inlet.connection, content.chunkCount);
    this.#lookAt ??= this.#context.now + lookMs;
  }

  /** It had been asked for: whoever else would send it, unasked or asked in vain, need not. */
  #cancel(from: ConnectionId, index: number): void {
    const runs = [{ first: index, count: 1 }];
    for (const inlet of this.#inlets.all)
      if (inlet.connection !== from)
        this.#inlets.send(inlet, { type: "have", isIdle: false, runs });
  }

  #armWant(): void {
    const content = this.#content;
    const isMissing = content?.sessionHash !== undefined && !content.held.isFull;
    // While the sources are held back, what is missing may be on its way.
    const isListening = this.#inlets.size > 0 && !this.isHoldingBack;
    this.#wantAt =
      isMissing && isListening ? this.#context.now + this.#context.options.wantAfterMs : undefined;
  }

  #holdBack(): void {
    if (!this.isHoldingBack && this.#backlog.exceeds(1)) this.#inlets.pause();
  }

  #letGo(): void {
    // Half is where reading resumes, so that it is not stopped and started for every chunk.
    if (!this.isHoldingBack || this.#backlog.exceeds(0.5)) return;
    this.#inlets.resume();
    this.#armWant();
  }

  #checkWhole(): void {
    const content = this.#content;
    if (this.#isStored || content?.sessionHash === undefined) return;
    if (!content.held.isFull || !this.#backlog.isEmpty || !content.pages.isComplete) return;
    this.#isStored = true;
    this.#context.tell({ type: "all-stored" });
  }
}
