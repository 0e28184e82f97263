import {
  type ChunkLayout,
  countFiles,
  type DescribedSources,
  type NamedStream,
} from "@palmtree/files";
import { Identity, openTransport } from "@palmtree/transport";
import {
  type Address,
  type Invite,
  PalmTreeError,
  type SessionId,
  wireLimits,
} from "@palmtree/wire";
import type { Step } from "../../core/index.js";
import { checkTexts } from "../option-check.js";
import {
  checkDistinct,
  type PeerName,
  parsePeerName,
  type ResolvedPeer,
  resolvePeers,
  type UnresolvedPeer,
} from "../peer-names.js";
import { Switchboard } from "../switchboard.js";
import { EfficiencyReport } from "./efficiency-report.js";
import { ownAddress, withoutLoopback } from "./own-address.js";
import { ResultLedger } from "./result-ledger.js";
import { RootSession } from "./root-session.js";
import { openSources } from "./root-sources.js";
import { checkOrder, type FilesSenderOptions, type SendOrder } from "./sender-options.js";
import type { ScannedStep, SenderStep } from "./sender-step.js";
import type { RootSources } from "./source-content.js";
import { StepQueue } from "./step-queue.js";

/**
 * Sends files and directories to many peers at once; each of them runs a {@link PalmTreeRelay}.
 *
 * @example
 * ```ts
 * const sender = new FilesSender(["disk.img"], ["10.0.0.7", "10.0.0.8:4747"], { keys: [key] });
 * for await (const step of sender.start()) {
 *   if (step.type === "progress") console.log(step.address, step.chunksHeld, "of", step.chunkCount);
 *   if (step.type === "result") console.log(step.status, step.seconds);
 * }
 * ```
 */
export class FilesSender {
  readonly #order: SendOrder;
  #hasStarted = false;
  /** Set while a session runs. */
  #admit: ((peers: readonly PeerName[]) => Promise<void>) | undefined;

  /**
   * @param files - what to send, at least one path; each lands as its last component, a directory
   *   with all below it. Or a stream, which is read as fast as it is taken, lands as its name, and is
   *   destroyed in the end
   * @param peers - where to, at least one: `host` or `host:port`, the port 4747 by default
   * @throws TypeError or RangeError when an argument or option is not what it may be; the message
   *   has its name, value and allowed range
   * @throws address-invalid when a peer is not written as it should be
   */
  constructor(
    files: readonly string[] | NamedStream,
    peers: readonly string[],
    options: FilesSenderOptions,
  ) {
    this.#order = checkOrder(files, peers, options);
  }

  /**
   * Sends. The steps tell how it goes, `result` is the last one; the outcome of each peer is in
   * it, and no reason to throw. Of each peer's `progress` a slow reader gets only the newest; other
   * steps are never lost. To stop reading (`break`) ends the session and waits until it is closed,
   * about a second at most. May be called once.
   *
   * @throws source-missing, source-unreadable, source-unsupported, name-unsafe or limit-exceeded
   *   when the files cannot be sent
   * @throws not-writable, disk-full or store-failed when there is no place to keep a stream
   * @throws port-taken, not-permitted or address-invalid when `host` and `port` cannot be used
   * @throws address-invalid when two peers turn out to be one
   * @throws the signal's reason when it aborts
   * @throws TypeError when called a second time
   */
  start(): AsyncGenerator<SenderStep, void, undefined> {
    if (this.#hasStarted) throw new TypeError("a FilesSender sends once: make another one");
    this.#hasStarted = true;
    return this.#send();
  }

  /**
   * Has more peers take part in the session that runs; they get everything, and the others do not
   * wait for them. One that takes part already is left as it is. Resolves when they are being
   * invited; how they fare is told by the steps, and is in the result.
   *
   * @param peers - as for the constructor
   * @throws TypeError or address-invalid when a peer is not written as it should be
   * @throws session-over when no session runs: before the step `listening`, and after the last
   *   peer's end
   */
  async addPeers(peers: readonly string[]): Promise<void> {
    const names = checkTexts("peers", peers).map((peer) => parsePeerName(peer));
    if (this.#admit === undefined)
      throw new PalmTreeError("session-over", "addPeers: no session runs");
    await this.#admit(names);
  }

  async *#send(): AsyncGenerator<SenderStep, void, undefined> {
    const startedAt = performance.now();
    this.#order.signal?.throwIfAborted();
    const sources = await openSources(this.#order);
    try {
      yield* this.#sendSources(sources, startedAt);
    } finally {
      await sources.chunks.close();
    }
  }

  async *#sendSources(
    sources: RootSources,
    startedAt: number,
  ): AsyncGenerator<SenderStep, void, undefined> {
    const { peers, host, port, keys } = this.#order;
    const identity = Identity.draw();
    const { session } = identity;
    yield describe(session, sources.described);
    const { resolved, unresolved } = await resolvePeers(peers, familyOf(host));
    const open = this.#order.openTransport ?? openTransport;
    const place = { host: host ?? wildcardFor(resolved), port, identity, keys };
    const switchboard = await Switchboard.open(open, place);
    try {
      const own = await ownAddress(
        switchboard.address,
        resolved.map(({ address }) => address),
      );
      const reachable = withoutLoopback(resolved, own);
      checkDistinct(reachable);
      yield* this.#run(switchboard, { identity, sources, own, reachable, unresolved, startedAt });
    } finally {
      await switchboard.close();
    }
  }

  async *#run(
    switchboard: Switchboard,
    { identity, sources, own, reachable, unresolved, startedAt }: Prepared,
  ): AsyncGenerator<SenderStep, void, undefined> {
    const { signal, peers, peerOptions } = this.#order;
    const { session, key } = identity;
    const sent = new SentChunks(sources.described.layout);
    signal?.throwIfAborted();
    const queue = new StepQueue();
    const ledger = new ResultLedger(
      peers.map(({ text }) => text),
      reachable,
    );
    for (const peer of unresolved) queue.push({ type: "peer-ended", result: ledger.absent(peer) });
    const efficiency = new EfficiencyReport(sent, startedAt);
    const onStep = (step: Step): void => {
      ledger.note(step);
      queue.push(step);
      const news = efficiency.note(step, performance.now());
      if (news !== undefined) queue.push(news);
      if (step.type !== "ended") return;
      this.#admit = undefined;
      const seconds = (performance.now() - startedAt) / 1_000;
      const { error } = step;
      const reached = efficiency.final;
      const outcome = {
        session,
        totalBytes: sent.totalBytes,
        seconds,
        ...(reached === undefined ? {} : { efficiency: reached }),
      };
      queue.push(ledger.close(error === undefined ? outcome : { ...outcome, error }));
    };
    const root = new RootSession(switchboard, {
      session,
      sources,
      invite: this.#invite(sources.described, key.publicKey),
      ownAddress: own,
      addresses: reachable.map(({ address }) => address),
      planKind: this.#order.plan,
      peerOptions,
      onStep,
      onEnd: (crash) => (crash === undefined ? queue.end() : queue.fail(crash.error)),
    });
    const admit = async (names: readonly PeerName[]): Promise<void> => {
      const found = await resolvePeers(names, own.startsWith("[") ? 0 : 4);
      if (this.#admit !== admit) throw new PalmTreeError("session-over", "addPeers: it has ended");
      for (const peer of found.unresolved)
        queue.push({ type: "peer-ended", result: ledger.absent(peer) });
      const added = ledger.add(withoutLoopback(found.resolved, own));
      root.add(added.map(({ address }) => address));
    };
    const onAbort = (): void => queue.fail(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      queue.push({ type: "listening", address: own });
      root.start();
      this.#admit = admit;
      for (let steps = await queue.take(); steps.length > 0; steps = await queue.take())
        yield* steps;
    } finally {
      this.#admit = undefined;
      signal?.removeEventListener("abort", onAbort);
      await root.close("the sender was stopped");
    }
  }

  #invite(
    { manifest, manifestBytes, manifestHash, layout }: DescribedSources,
    rootKey: Uint8Array,
  ): Invite {
    const { name, strategy, fanout, timeoutMs } = this.#order;
    const { totalBytes, entryCount, chunkCount, chunkSizeBytes, isOpen: isStream } = layout;
    return {
      type: "invite",
      name: name ?? manifest.name,
      totalBytes,
      entryCount,
      chunkCount,
      chunkSizeBytes,
      isStream,
      strategy,
      fanout,
      timeoutMs,
      manifestBytes: manifestBytes.length,
      manifestHash,
      cookie: new Uint8Array(wireLimits.cookieBytes),
      rootKey,
    };
  }
}

interface Prepared {
  readonly identity: Identity;
  readonly sources: RootSources;
  readonly own: Address;
  readonly reachable: readonly ResolvedPeer[];
  readonly unresolved: readonly UnresolvedPeer[];
  readonly startedAt: number;
}

/** What is sent, as long as nobody knows how long a stream will be. */
class SentChunks {
  readonly #layout: ChunkLayout;

  constructor(layout: ChunkLayout) {
    this.#layout = layout;
  }

  get chunkSizeBytes(): number {
    return this.#layout.chunkSizeBytes;
  }

  get totalBytes(): number | undefined {
    return this.#layout.isOpen ? undefined : this.#layout.totalBytes;
  }
}

function describe(
  session: SessionId,
  { manifest, layout, skipped }: DescribedSources,
): ScannedStep {
  const { chunkSizeBytes, isOpen } = layout;
  const totalBytes = isOpen ? undefined : layout.totalBytes;
  const chunkCount = isOpen ? undefined : layout.chunkCount;
  const files = countFiles(manifest.entries);
  const { name } = manifest;
  return { type: "scanned", session, name, files, totalBytes, chunkCount, chunkSizeBytes, skipped };
}

/** Peers are looked up in the family of the address that the caller wants to send from. */
function familyOf(host: string | undefined): 0 | 4 | 6 {
  if (host === undefined || host === "::") return 0;
  return host.includes(":") ? 6 : 4;
}

function wildcardFor(peers: readonly ResolvedPeer[]): string {
  return peers.some(({ address }) => address.startsWith("[")) ? "::" : "0.0.0.0";
}
