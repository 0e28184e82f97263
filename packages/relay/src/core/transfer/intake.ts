import type { Bitmap } from "@palmtree/files/core";
import { type Frame, type Have, type RefuseReason, wireLimits } from "@palmtree/wire";
import { type Context, earliest } from "../context.js";
import type { ChunkSizes, ConnectionId } from "../event.js";
import { Arrivals } from "./arrivals.js";
import { Backlog } from "./backlog.js";
import { faultOfRuns, runsOf } from "./chunk-runs.js";
import { Content } from "./content.js";
import { Leftovers } from "./leftovers.js";
import { ManifestAssembly } from "./manifest-assembly.js";
import { Pull } from "./pull.js";
import { type Stripes, stripeTest } from "./stripes.js";
import { Tally } from "./tally.js";

/** A connection over which chunks come. */
interface Inlet {
  readonly number: number;
  readonly connection: ConnectionId;
  stripes: Stripes;
}

/** How often a peer looks whether something is overdue. */
const lookMs = 50;

/** Overdue chunks that are looked at at once. */
const overdueChunks = 64;

/** What an invitation promises about the content. */
export interface Promised {
  readonly chunkCount: number;
  readonly chunkSizeBytes: number;
  readonly totalBytes: number;
  readonly manifestBytes: number;
}

/**
 * The receiving half of a peer: the manifest from the parent, hash pages and chunks from the parent
 * or from the sources of feeds, whichever the session's strategy has. A chunk is verified against
 * its page before anything else is done with it; then it is held, and goes to the disk and to the
 * sinks at the same time.
 */
export class Intake {
  readonly tally: Tally = new Tally();
  readonly #context: Context;
  readonly #heard: (number: number) => void;
  readonly #promised: Promised;
  readonly #assembly: ManifestAssembly;
  #manifest: Uint8Array | undefined;
  #content: Content | undefined;
  #leftovers: Leftovers | undefined;
  readonly #inlets = new Map<ConnectionId, Inlet>();
  readonly #verifying = new Set<number>();
  readonly #backlog: Backlog;
  #isHoldingBack = false;
  #wantsSent = 0;
  readonly #pull: Pull;
  #arrivals: Arrivals;
  #lookAt: number | undefined;
  #wantAt: number | undefined;
  #isStored = false;

  /** @param heard called for a neighbour whose silence was of this peer's own making */
  constructor(context: Context, promised: Promised, heard: (number: number) => void) {
    this.#context = context;
    this.#heard = heard;
    this.#promised = promised;
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
    return this.#isHoldingBack;
  }

  /** Whether chunks are missing, and no manifest is. */
  get isHungry(): boolean {
    return this.#content !== undefined && !this.#content.held.isFull;
  }

  /** A new parent begins the manifest anew. */
  restartManifest(): void {
    if (this.#manifest === undefined) this.#assembly.restart();
  }

  /** Chunks of these stripes come over that connection from now on; what is held is told there. */
  setInlet(number: number, connection: ConnectionId, stripes: Stripes): void {
    const inlet = { number, connection, stripes };
    this.#inlets.set(connection, inlet);
    if (this.#isHoldingBack) this.#context.emit({ type: "pause-connection", connection });
    this.#tellHolds(inlet);
  }

  removeInlet(connection: ConnectionId): void {
    this.#inlets.delete(connection);
    this.#pull.remove(connection);
    this.#armWant();
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
    if (leftovers !== undefined && leftovers.count > 0)
      this.#leftovers = new Leftovers(this.#context, this.#content, leftovers.clone());
    this.#arrivals = new Arrivals(this.#context.now);
    for (const inlet of this.#inlets.values()) this.#tellHolds(inlet);
    return this.#content;
  }

  /** @returns what is wrong, if something is */
  onHashes(firstChunk: number, payload: Uint8Array): string | undefined {
    const pages = this.#content?.pages;
    if (pages === undefined) return "hashes before the bitmap was sent";
    const page = pages.pageOf(firstChunk);
    const isNew = pages.get(page) === undefined;
    const fault = pages.put(firstChunk, payload);
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
    if (this.#isClaimed(content, index)) {
      this.tally.onDuplicate(length);
      return undefined;
    }
    this.#verifying.add(index);
    const isAsked = this.#pull.onChunk(index);
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
  onSeal(sessionHash: Uint8Array, totalBytes: number): string | undefined {
    const content = this.#content;
    if (content === undefined) return "a seal before the bitmap was sent";
    const known = content.sessionHash;
    if (known !== undefined && !known.every((byte, at) => byte === sessionHash[at]))
      return "another session hash than before";
    if (content.isOpen) {
      const fault = this.#endStream(content, totalBytes);
      if (fault !== undefined) return fault;
    } else if (totalBytes !== content.totalBytes)
      return `a seal of ${totalBytes} bytes, expected ${content.totalBytes}`;
    content.sessionHash = sessionHash;
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
    return earliest(this.#wantAt, this.#lookAt);
  }

  /** End-of-transfer request: everything was sent, so what is missing now has to be asked for. */
  #askForMissing(): void {
    if (this.#wantAt === undefined || this.#wantAt > this.#context.now) return;
    this.#wantAt = undefined;
    const content = this.#content;
    const inlet = this.#nextToAsk();
    if (content === undefined || inlet === undefined || content.held.isFull) return;
    const missing = this.#missing(wireLimits.wantedChunks);
    const indexes = this.#leftovers?.withPages(missing) ?? missing;
    const runs = runsOf(indexes);
    if (runs.length > 0) this.#send(inlet, { type: "want", runs });
    this.#armWant();
  }

  /** What the plan does not bring in time is asked of others. */
  #askAround(): void {
    const { now } = this.#context;
    if (this.#lookAt === undefined || this.#lookAt > now) return;
    const content = this.#content;
    if (content === undefined || content.held.isFull) {
      this.#lookAt = undefined;
      return;
    }
    this.#lookAt = now + lookMs;
    const isTail = this.#arrivals.hasRoom() && content.sessionHash !== undefined;
    const isStalled = this.#arrivals.isStalled(now);
    if (this.#isHoldingBack || !(isStalled || isTail)) return;
    const overdue = isStalled ? [...this.#missing(overdueChunks)] : [];
    const isHelpless = this.#pull.ask({ held: this.#claimed(content), overdue, isTail });
    if (overdue.length > 0 && (isHelpless || this.#pull.helperCount === 0))
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
    for (const inlet of this.#inlets.values())
      if (stripeTest(inlet.stripes)(index)) return this.#send(inlet, { type: "want", runs });
  }

  #tellHolds(inlet: Inlet): void {
    const content = this.#content;
    if (content === undefined) return;
    const { count, wanted } = inlet.stripes;
    this.#send(inlet, {
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
    for (const inlet of this.#inlets.values())
      if (inlet.connection !== from) this.#send(inlet, { type: "have", isIdle: false, runs });
  }

  #send({ connection }: Inlet, frame: Frame): void {
    this.#context.emit({ type: "send-frame", connection, frame });
  }

  /** Who is asked for missing chunks: one after the other, since any of them may be stuck. */
  #nextToAsk(): Inlet | undefined {
    const inlets = [...this.#inlets.values()];
    this.#wantsSent += 1;
    return inlets[this.#wantsSent % inlets.length];
  }

  #armWant(): void {
    const content = this.#content;
    const isMissing = content?.sessionHash !== undefined && !content.held.isFull;
    // While the sources are held back, what is missing may be on its way.
    const isListening = this.#inlets.size > 0 && !this.#isHoldingBack;
    this.#wantAt =
      isMissing && isListening ? this.#context.now + this.#context.options.wantAfterMs : undefined;
  }

  #holdBack(): void {
    if (this.#isHoldingBack || !this.#backlog.exceeds(1)) return;
    this.#isHoldingBack = true;
    for (const connection of this.#inlets.keys())
      this.#context.emit({ type: "pause-connection", connection });
  }

  #letGo(): void {
    // Half is where reading resumes, so that it is not stopped and started for every chunk.
    if (!this.#isHoldingBack || this.#backlog.exceeds(0.5)) return;
    this.#isHoldingBack = false;
    for (const { connection, number } of this.#inlets.values()) {
      this.#context.emit({ type: "resume-connection", connection });
      this.#heard(number);
    }
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
