import type { Address } from "@palmtree/wire";
import type { PeerResult, Step } from "../../core/index.js";
import type { ResolvedPeer, UnresolvedPeer } from "../peer-names.js";
import type { Accused, ResultStep, SendPeerResult, TreePlace } from "./sender-step.js";

/** Collects from a session's steps what its result has to say. */
export class ResultLedger {
  readonly #peers: string[];
  readonly #nameOf: Map<Address, string>;
  readonly #results = new Map<string, SendPeerResult>();
  readonly #addresses = new Map<number, Address>();
  readonly #parents = new Map<number, number>();
  readonly #accused = new Map<Address, Accused>();

  /** @param peers - all that were listed, as the caller named them */
  constructor(peers: readonly string[], resolved: readonly ResolvedPeer[]) {
    this.#peers = [...peers];
    this.#nameOf = new Map(resolved.map(({ name, address }) => [address, name.text]));
  }

  /** More peers are wanted. @returns those of them that are not there already */
  add(resolved: readonly ResolvedPeer[]): readonly ResolvedPeer[] {
    const added = resolved.filter(({ address }) => !this.#nameOf.has(address));
    for (const { name, address } of added) {
      this.#nameOf.set(address, name.text);
      this.#peers.push(name.text);
    }
    return added;
  }

  /** A peer whose name means no address; returns its end. */
  absent({ name, error }: UnresolvedPeer): PeerResult {
    const { code, message } = error;
    const result = {
      address: name.text,
      number: undefined,
      status: "failed",
      bytes: 0,
      seconds: 0,
      error: { code, message },
    } as const;
    if (!this.#peers.includes(name.text)) this.#peers.push(name.text);
    this.#results.set(name.text, { ...result, peer: name.text });
    return result;
  }

  note(step: Step): void {
    if (step.type === "numbered") {
      for (const { number, address } of step.peers) this.#addresses.set(number, address);
    } else if (step.type === "blamed") {
      this.#noteAccused({ address: this.#addresses.get(step.number), by: this.#own, ...step });
    } else if (step.type === "accused") {
      this.#noteAccused(step);
    } else if (step.type === "progress") this.#parents.set(step.number, step.parent);
    else if (step.type === "peer-ended") {
      const peer = this.#nameOf.get(step.result.address) ?? step.result.address;
      this.#results.set(peer, { ...step.result, peer });
    }
  }

  close(
    outcome: Pick<ResultStep, "session" | "totalBytes" | "seconds" | "efficiency" | "error">,
  ): ResultStep {
    const wanted = this.#peers.map((peer) => this.#results.get(peer) ?? unheard(peer, outcome));
    const completeCount = wanted.filter(({ status }) => status === "complete").length;
    const isComplete = completeCount === wanted.length;
    const status = isComplete ? "complete" : completeCount > 0 ? "partial" : "failed";
    const others = [...this.#results.values()].filter(({ peer }) => !this.#peers.includes(peer));
    const peers = [...wanted, ...others].map((result) => {
      const blamedBy = this.#accused.get(result.address);
      return blamedBy === undefined ? result : { ...result, blamedBy };
    });
    return { type: "result", status, peers, tree: this.#tree(), ...outcome };
  }

  get #own(): Address | undefined {
    return this.#addresses.get(0);
  }

  /** Of each only who says so, and what was said first. */
  #noteAccused({
    address,
    by,
    code,
    message,
  }: Pick<Accused, "code" | "message"> & {
    readonly address: Address | undefined;
    readonly by: Address | undefined;
  }): void {
    if (address === undefined || by === undefined) return;
    const { peers, ...first } = this.#accused.get(address) ?? { peers: [], code, message };
    if (!peers.includes(by)) this.#accused.set(address, { peers: [...peers, by], ...first });
  }

  #tree(): TreePlace[] {
    return [...this.#addresses].map(([number, address]) => ({
      number,
      address,
      parent: this.#parents.get(number),
    }));
  }
}

/** For a peer of which the session said nothing before it ended. */
function unheard(
  peer: string,
  { seconds, error }: { readonly seconds: number; readonly error?: ResultStep["error"] },
): SendPeerResult {
  const why = error ?? { code: "not-answering", message: `nothing was heard of ${peer}` };
  return {
    peer,
    address: peer,
    number: undefined,
    status: "failed",
    bytes: 0,
    seconds,
    error: why,
  };
}
