import type { ChunkLayout, Landed, Manifest } from "@palmtree/files";
import type { Address, Datagram, Invite } from "@palmtree/wire";
import { isPalmTreeError } from "@palmtree/wire";
import { type Effect, Member, type Step } from "../../core/index.js";
import { MachineRunner } from "../machine-runner.js";
import { makeContext } from "../make-context.js";
import { PayloadUses } from "../payload-uses.js";
import { SessionPort } from "../session-port.js";
import type { Switchboard } from "../switchboard.js";
import { Assembly } from "./assembly.js";
import { ChunkFeed } from "./chunk-feed.js";
import { type FileItems, FileProgress, noFiles } from "./file-items.js";
import { createFilesReceiver, type FilesReceiver, type ReceiveResult } from "./files-receiver.js";
import type { CheckedRelayOptions } from "./relay-options.js";

/** How long the connections may take to send what is queued, once the session is over. */
const drainMs = 1_000;

/** An invitation that is accepted. */
export interface AcceptedInvite {
  readonly from: Address;
  readonly datagram: Datagram;
  readonly invite: Invite;
}

/** The receiving side of a session: the member's machine with its sockets, disk and clock. */
export class MemberSession {
  readonly receiver: FilesReceiver;
  /** Resolves when the session is over here and nothing of it is left; never rejects. */
  readonly closed: Promise<void>;
  readonly #accepted: AcceptedInvite;
  readonly #options: CheckedRelayOptions;
  readonly #member: Member;
  readonly #runner: MachineRunner;
  readonly #port: SessionPort;
  readonly #assembly: Assembly;
  readonly #uses: PayloadUses;
  readonly #feeds = new Set<ChunkFeed>();
  readonly #startedAt = performance.now();
  #progress: FileProgress | undefined;
  #isOver = false;
  #isCancelled = false;
  #landed: Omit<Landed, "bytes"> = { files: 0, skipped: [], renamed: [] };
  #failure: ReceiveResult["error"];
  #result: ReceiveResult | undefined;
  #resolveResult: (result: ReceiveResult) => void = () => undefined;
  #resolveClosed: () => void = () => undefined;
  readonly #onEnded: () => void;

  /** @param onEnded - the machine has ended: datagrams are for somebody else to answer */
  constructor(
    switchboard: Switchboard,
    accepted: AcceptedInvite,
    { options, onEnded }: { options: CheckedRelayOptions; onEnded: () => void },
  ) {
    const { invite, from, datagram } = accepted;
    const { session, sender: rootId } = datagram;
    const { identity } = switchboard;
    this.#accepted = accepted;
    this.#options = options;
    this.#onEnded = onEnded;
    const invitation = { session, rootAddress: from, rootId, invite };
    this.#member = new Member(
      makeContext({ identity, session, rootKey: invite.rootKey }, options.peerOptions),
      invitation,
    );
    this.#runner = new MachineRunner(this.#member, {
      perform: (effect) => this.#perform(effect),
      onEnd: (crash) => void this.#close(crash),
    });
    this.#uses = new PayloadUses((payload) => switchboard.release(payload));
    this.#port = new SessionPort(switchboard, {
      session,
      maxChunkBytes: invite.chunkSizeBytes,
      uses: this.#uses,
      post: (event) => this.#runner.post(event),
    });
    const assemblyOptions = { ...options, session, invite, uses: this.#uses };
    this.#assembly = new Assembly(assemblyOptions, this.#assemblyListener());
    const result = new Promise<ReceiveResult>((resolve) => {
      this.#resolveResult = resolve;
    });
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.receiver = createFilesReceiver(this.#view(result));
    switchboard.join(session, {
      onDatagram: (sender, heard) =>
        this.#runner.post({ type: "datagram-received", from: sender, datagram: heard }),
      isExpected: (caller, token) => this.#member.relay.connections.isExpected(caller, token),
      onHello: (connection, hello) => this.#port.accept(connection, hello),
    });
  }

  /** Whether all but the last words to the neighbours is done. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Where the invitation came from: the root. */
  get from(): Address {
    return this.#accepted.from;
  }

  /** Whether the root has taken it in. */
  get isNumbered(): boolean {
    return this.#member.number > 0;
  }

  /** Bytes that will still be written to the disk. */
  get reservedBytes(): number {
    if (this.#isOver) return 0;
    const received = this.#progress?.bytesReceived ?? 0;
    return (this.#totalBytes ?? received) - received;
  }

  /** Undefined as long as it is a stream that has not ended. */
  get #totalBytes(): number | undefined {
    const { isStream, totalBytes } = this.#accepted.invite;
    return isStream ? this.#progress?.totalBytes : totalBytes;
  }

  /** Join: answer the invitation. */
  start(): void {
    const { from, datagram } = this.#accepted;
    this.#runner.post({ type: "start" });
    this.#runner.post({ type: "datagram-received", from, datagram });
  }

  /** Leave the session, if it has not ended. */
  stop(detail: string): void {
    this.#runner.post({ type: "stop", detail });
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "open-manifest":
        return this.#assembly.open(effect.manifest);
      case "verify-chunk":
        return this.#assembly.verify(effect);
      case "store-chunk":
        return this.#assembly.store(effect.index, effect.payload);
      case "end-stream":
        this.#assembly.endStream(effect.totalBytes);
        return this.#progress?.ended();
      case "release-chunk":
        return this.#uses.end(effect.payload);
      case "load-chunk":
        return this.#assembly.load(effect.index, effect.hash);
      case "check-leftover":
        return this.#assembly.checkLeftover(effect.index, effect.hash);
      case "land":
        return this.#assembly.land(effect.pages, effect.sessionHash);
      case "report-step":
        return this.#onStep(effect.step);
      case "send-datagram":
      case "send-frame":
      case "dial":
      case "close-connection":
      case "drop-connection":
      case "pause-connection":
      case "resume-connection":
        return this.#port.perform(effect);
      default:
        throw new Error(`a member does not want ${effect.type}`);
    }
  }

  #assemblyListener(): ConstructorParameters<typeof Assembly>[1] {
    return {
      post: (event) => {
        this.#runner.post(event);
      },
      onOpened: (manifest, layout) => this.#onOpened(manifest, layout),
      onStored: (index) => this.#onStored(index),
      onLanded: (landed) => {
        this.#landed = landed;
        this.#settle("complete");
      },
    };
  }

  #onOpened(manifest: Manifest, layout: ChunkLayout): void {
    this.#progress = new FileProgress(manifest, layout);
    this.#callUser(() => this.#options.onTransferStart?.(this.receiver));
  }

  #onStored(chunk: number): void {
    const progress = this.#progress;
    if (progress === undefined) return;
    progress.stored(chunk);
    if (this.#feeds.size === 0) return;
    const fileBytes = progress.receivedOf(progress.layout.entryOf(chunk));
    const totalBytes = progress.bytesReceived;
    for (const feed of this.#feeds) feed.push({ chunk, fileBytes, totalBytes });
  }

  #onStep(step: Step): void {
    if (step.type === "ended" && step.error !== undefined) {
      this.#failure = step.error;
      // What is just now moved into place will be there, whatever the session has come to.
      if (!this.#assembly.isLanding) this.#settle("failed", step.error);
    }
    this.#callUser(() => this.#options.onStep?.(this.receiver, step));
  }

  #settle(status: ReceiveResult["status"], error?: ReceiveResult["error"]): void {
    if (this.#result !== undefined) return;
    const { files, skipped, renamed } = this.#landed;
    const base = {
      status,
      files,
      skipped,
      renamed,
      bytes: this.#progress?.bytesReceived ?? 0,
      resumedBytes: this.#member.intake.tally.resumedBytes,
      duplicateBytes: this.#member.intake.tally.duplicateBytes,
      seconds: (performance.now() - this.#startedAt) / 1_000,
    };
    this.#result = error === undefined ? base : { ...base, error };
    for (const feed of this.#feeds) feed.end();
    this.#resolveResult(this.#result);
  }

  async #close(crash?: { readonly error: unknown }): Promise<void> {
    this.#onEnded();
    await this.#assembly.abandon(!this.#isCancelled && isResumable(this.#failure?.code));
    this.#settle("failed", this.#failure ?? describeCrash(crash));
    this.#isOver = true;
    const result = this.#result;
    if (result !== undefined)
      this.#callUser(() => this.#options.onTransferEnd?.(this.receiver, result));
    await this.#port.drain(drainMs);
    this.#resolveClosed();
  }

  /** A caller's hook that throws must not do harm to the session's own bookkeeping. */
  #callUser(hook: () => void): void {
    try {
      hook();
    } catch (error) {
      // Surfaces as an `uncaughtException`, as from any other callback.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #view(result: Promise<ReceiveResult>): Parameters<typeof createFilesReceiver>[0] {
    const { invite, datagram, from } = this.#accepted;
    const bytesReceived = (): number => this.#progress?.bytesReceived ?? 0;
    const fileItems = (): FileItems => this.#progress ?? noFiles;
    const totalBytes = (): number | undefined => this.#totalBytes;
    return {
      session: datagram.session,
      name: invite.name,
      from,
      directory: this.#options.directory,
      result,
      get totalBytes() {
        return totalBytes();
      },
      get bytesReceived() {
        return bytesReceived();
      },
      get fileItems() {
        return fileItems();
      },
      openFeed: () => this.#openFeed(),
      closeFeed: (feed) => this.#feeds.delete(feed),
      cancel: (reason) => {
        this.#isCancelled = true;
        this.stop(reason);
      },
    };
  }

  #openFeed(): ChunkFeed {
    const feed = new ChunkFeed(() => this.#progress);
    if (this.#result === undefined) this.#feeds.add(feed);
    else feed.end();
    return feed;
  }
}

/** Codes of ends after which trying again may go better: what is here is kept for that. */
const resumableCodes: ReadonlySet<string | undefined> = new Set([
  "aborted",
  "left",
  "root-lost",
  "timed-out",
]);

function isResumable(code: string | undefined): boolean {
  return resumableCodes.has(code);
}

function describeCrash(crash: { readonly error: unknown } | undefined): ReceiveResult["error"] {
  if (crash === undefined)
    return { code: "left", message: "the session ended before everything had arrived here" };
  const { error } = crash;
  const code = isPalmTreeError(error) ? error.code : "internal";
  return { code, message: error instanceof Error ? error.message : String(error) };
}
