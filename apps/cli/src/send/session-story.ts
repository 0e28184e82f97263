import {
  defaultPort,
  type EfficiencyStep,
  type LinkMetrics,
  type PeerResult,
  type ScannedStep,
  type SenderStep,
} from "@palmtree/relay";
import type { Failure } from "../failure.js";
import { partsOf, roundSeconds } from "../output/text.js";
import type { Efficiency, PeerLink, PeerOutcome, SendEvent, TreePeer } from "./send-event.js";

interface KnownPeer {
  readonly address: string;
  parent: number | null;
  chunksHeld: number;
  /** Whether `chunksHeld` was told since it changed. */
  isTold: boolean;
}

/**
 * Turns a sender's steps into the command's events. Progress, of which there is much, is collected,
 * and told when {@link SessionStory.tick} is called.
 */
export class SessionStory {
  readonly #emit: (event: SendEvent) => void;
  /** By number; the root is 0. */
  readonly #peers = new Map<number, KnownPeer>();
  readonly #peerAt = new Map<string, KnownPeer>();
  /** Peers without a place in the tree, as far as is known, that have not ended. */
  readonly #placeless = new Set<KnownPeer>();
  readonly #outcomes = new Map<string, PeerOutcome>();
  #scanned: ScannedStep | undefined;
  #chunkCount: number | null = null;
  #efficiency: Efficiency | undefined;
  #hasFormed = false;
  #hasToldTree = false;
  #treeChanged = false;

  constructor(emit: (event: SendEvent) => void) {
    this.#emit = emit;
  }

  take(step: SenderStep): void {
    switch (step.type) {
      case "scanned":
        return this.#onScanned(step);
      case "listening":
        return this.#emit({ type: "listening", ...partsOf(step.address) });
      case "invited":
      case "joined":
        return this.#emit(step);
      case "declined": {
        const { type, address, code, message } = step;
        return this.#emit({ type, address, code, message });
      }
      case "numbered":
        return this.#onNumbered(step);
      case "tree-formed":
        this.#hasFormed = true;
        return this.#tellFirstTree();
      case "progress":
        return this.#onProgress(step);
      case "blamed": {
        const { type, number, code, message } = step;
        return this.#emit({ type, address: this.#addressOf(number), code, message });
      }
      case "accused": {
        const { type, address, by, code, message } = step;
        return this.#emit({ type, address, by, code, message });
      }
      case "planned":
        return this.#emit({ type: "plan", plan: step.kind, peerCount: step.peerCount });
      case "demoted":
        return this.#emit({ type: "demoted", address: this.#addressOf(step.number) });
      case "stream-ended": {
        const { type, totalBytes: bytes, chunkCount } = step;
        this.#chunkCount = chunkCount;
        return this.#emit({ type, bytes, chunkCount });
      }
      case "efficiency":
        this.#efficiency = this.#describe(step);
        return;
      case "peer-ended":
        return this.#onPeerEnded(step.result);
      case "result":
        return this.#onResult(step);
      // Of its own place a root has nothing to tell, and its end is in the result.
      case "attached":
      case "detached":
      case "ended":
        return;
    }
  }

  /**
   * The session could not be begun, or was stopped: there is no `result` step.
   *
   * @param peers - all that were listed, as the caller named them
   */
  fail(
    error: Failure,
    { peers: names, seconds }: { readonly peers: readonly string[]; readonly seconds: number },
  ): void {
    this.#emit({ type: "error", ...error });
    const absent = { status: "failed", bytes: 0, seconds, error } as const;
    const peers = names.map((peer) => {
      const known = this.#outcomes.get(peer) ?? this.#outcomes.get(`${peer}:${defaultPort}`);
      return { peer, ...(known ?? { address: peer, ...absent }) };
    });
    const completeCount = peers.filter(({ status }) => status === "complete").length;
    const isComplete = completeCount === peers.length;
    const status = isComplete ? "complete" : completeCount > 0 ? "partial" : "failed";
    const { session, files = 0 } = this.#scanned ?? {};
    const bytes = this.#scanned === undefined ? 0 : (this.#scanned.totalBytes ?? null);
    const begun = session === undefined ? {} : { session };
    this.#emit({ type: "result", status, ...begun, files, bytes, seconds, peers, error });
  }

  /** Tells what has changed since the last time. */
  tick(): void {
    if (this.#hasToldTree && this.#treeChanged) this.#tellTree();
    const changed = [...this.#peers.values()].filter(({ isTold }) => !isTold);
    if (changed.length === 0) return;
    for (const peer of changed) peer.isTold = true;
    this.#emit({
      type: "progress",
      chunkCount: this.#chunkCount,
      peers: changed.map(({ address, chunksHeld }) => ({ address, chunksHeld })),
      ...(this.#efficiency === undefined ? {} : { efficiency: this.#efficiency }),
    });
  }

  #onScanned(step: ScannedStep): void {
    const { type, session, name, files, chunkSizeBytes, skipped } = step;
    const { totalBytes: bytes = null, chunkCount = null } = step;
    this.#scanned = step;
    this.#chunkCount = chunkCount;
    this.#emit({ type, session, name, files, bytes, chunkCount, chunkSizeBytes, skipped });
  }

  #onNumbered({ peers }: Extract<SenderStep, { type: "numbered" }>): void {
    for (const { number, address } of peers) {
      const peer: KnownPeer = { address, parent: null, chunksHeld: 0, isTold: true };
      this.#peers.set(number, peer);
      this.#peerAt.set(address, peer);
      if (number !== 0) this.#placeless.add(peer);
    }
  }

  #onProgress({ number, parent, chunksHeld }: Extract<SenderStep, { type: "progress" }>): void {
    const peer = this.#peers.get(number);
    if (peer === undefined) return;
    if (peer.parent !== parent) {
      peer.parent = parent;
      this.#placeless.delete(peer);
      this.#treeChanged = true;
      this.#tellFirstTree();
    }
    if (peer.chunksHeld === chunksHeld) return;
    peer.chunksHeld = chunksHeld;
    peer.isTold = false;
  }

  #onPeerEnded(result: PeerResult): void {
    const outcome = this.#outcomeOf(result);
    this.#outcomes.set(result.address, outcome);
    const peer = this.#peerAt.get(result.address);
    if (peer !== undefined) {
      this.#placeless.delete(peer);
      // Its last progress would come after its end, and say nothing new.
      peer.isTold = true;
    }
    this.#emit({ type: "peer-ended", ...outcome });
    this.#tellFirstTree();
  }

  #onResult(step: Extract<SenderStep, { type: "result" }>): void {
    if (this.#hasFormed && !this.#hasToldTree) this.#tellTree();
    this.tick();
    const { session, status, totalBytes: bytes = null, seconds, error } = step;
    const peers = step.peers.map((result) => ({
      peer: result.peer,
      ...this.#outcomeOf(result),
      ...(result.blamedBy === undefined ? {} : { blamedBy: result.blamedBy }),
    }));
    const files = this.#scanned?.files ?? 0;
    const result = { status, session, files, bytes, seconds: roundSeconds(seconds), peers };
    const reached = step.efficiency;
    this.#emit({
      type: "result",
      ...result,
      ...(reached === undefined ? {} : { efficiency: this.#describe(reached) }),
      ...(error === undefined ? {} : { error }),
    });
  }

  /** The tree spans before all places are known here; it is told first when they are. */
  #tellFirstTree(): void {
    if (this.#hasFormed && !this.#hasToldTree && this.#placeless.size === 0) this.#tellTree();
  }

  #tellTree(): void {
    this.#hasToldTree = true;
    this.#treeChanged = false;
    const peers: TreePeer[] = [];
    for (const [number, { address, parent }] of this.#peers)
      if (number === 0 || parent !== null) peers.push({ number, address, parent });
    this.#emit({ type: "tree", peers });
  }

  #describe({ share, limitSeconds, bytesPerSecond, bottleneck }: EfficiencyStep): Efficiency {
    return {
      percent: Math.round(share * 1_000) / 10,
      limitSeconds: roundSeconds(limitSeconds),
      bytesPerSecond,
      bottleneck: this.#addressOf(bottleneck),
    };
  }

  #addressOf(number: number): string {
    return this.#peers.get(number)?.address ?? "";
  }

  #outcomeOf({ address, status, bytes, seconds, links, error }: PeerResult): PeerOutcome {
    const [link] = links ?? [];
    return {
      address,
      status,
      bytes,
      seconds: roundSeconds(seconds),
      ...(link === undefined ? {} : { link: this.#describeLink(link) }),
      ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    };
  }

  #describeLink({ number, roundTripUs, lossPermille, bytesPerSecond }: LinkMetrics): PeerLink {
    return {
      from: this.#addressOf(number),
      roundTripMs: roundTripUs === 0 ? null : roundTripUs / 1_000,
      lossPercent: lossPermille / 10,
      bytesPerSecond,
    };
  }
}
