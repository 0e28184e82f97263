import type { PlanKind } from "@palmtree/topology";
import type { Address, Datagram, Invite, SessionId } from "@palmtree/wire";
import {
  type Effect,
  type PeerEvent,
  type PeerOptions,
  Root,
  type Step,
} from "../../core/index.js";
import { MachineRunner } from "../machine-runner.js";
import { makeContext } from "../make-context.js";
import { PayloadUses } from "../payload-uses.js";
import { SessionPort } from "../session-port.js";
import type { Switchboard } from "../switchboard.js";
import { reachedFromElsewhere } from "./own-address.js";
import { type RootSources, SourceContent } from "./source-content.js";

/** How long the connections may take to send what is queued, once the session is over. */
const drainMs = 1_000;

/** What a session of the sending side is made of. */
export interface RootSessionOptions {
  readonly session: SessionId;
  /** The session's id follows from it. */
  /** Closed with the session. */
  readonly sources: RootSources;
  readonly invite: Invite;
  readonly ownAddress: Address;
  readonly addresses: readonly Address[];
  /** Undefined: whichever is fastest. */
  readonly planKind: PlanKind | undefined;
  readonly peerOptions: PeerOptions;
  readonly onStep: (step: Step) => void;
  /** With an error when the session crashed, for a bug of ours. */
  readonly onEnd: (crash?: { readonly error: unknown }) => void;
}

/** The sending side of a session: the root's machine with its sockets, files and clock. */
export class RootSession {
  readonly #switchboard: Switchboard;
  readonly #options: RootSessionOptions;
  readonly #root: Root;
  readonly #runner: MachineRunner;
  readonly #port: SessionPort;
  readonly #content: SourceContent;
  readonly #uses: PayloadUses;
  readonly #ended: Promise<void>;

  constructor(switchboard: Switchboard, options: RootSessionOptions) {
    const { session, sources, invite } = options;
    const { manifestBytes: manifest, layout: sizes } = sources.described;
    const { identity } = switchboard;
    this.#switchboard = switchboard;
    this.#options = options;
    this.#root = new Root(
      makeContext({ identity, session, rootKey: invite.rootKey }, options.peerOptions),
      {
        session,
        address: options.ownAddress,
        invite,
        manifest,
        sizes,
        addresses: options.addresses,
        planKind: options.planKind,
      },
    );
    let onEnded: () => void;
    this.#ended = new Promise((resolve) => {
      onEnded = resolve;
    });
    this.#runner = new MachineRunner(this.#root, {
      perform: (effect) => this.#perform(effect),
      onEnd: (crash) => {
        switchboard.leave(session);
        options.onEnd(crash);
        onEnded();
      },
    });
    this.#uses = new PayloadUses((payload) => this.#content.release(payload));
    this.#port = new SessionPort(switchboard, {
      session,
      maxChunkBytes: invite.chunkSizeBytes,
      uses: this.#uses,
      post: (event) => this.#runner.post(event),
    });
    this.#content = new SourceContent(sources, (event) => this.#onContent(event));
  }

  start(): void {
    this.#switchboard.join(this.#options.session, {
      onDatagram: (from, datagram) => this.#onDatagram(from, datagram),
      isExpected: (peer, token) => this.#root.relay.connections.isExpected(peer, token),
      onHello: (connection, hello) => this.#port.accept(connection, hello),
    });
    this.#runner.post({ type: "start" });
  }

  /** Invites more peers; told after the session's end, nothing happens. */
  add(addresses: readonly Address[]): void {
    this.#runner.post({ type: "peers-added", addresses });
  }

  /** Ends the session, if it has not ended: every peer is told. Resolves when all is closed. */
  async close(detail: string): Promise<void> {
    this.#runner.post({ type: "stop", detail });
    await this.#ended;
    await this.#port.drain(drainMs);
    await this.#content.close();
  }

  /** Whoever knocks on this machine is told to others as they reach it. */
  #onDatagram(at: Address, datagram: Datagram): void {
    const isKnock = datagram.message.type === "knock";
    const from = isKnock ? reachedFromElsewhere(at, this.#options.ownAddress) : at;
    this.#runner.post({ type: "datagram-received", from, datagram });
  }

  #onContent(event: PeerEvent): void {
    // The machine's use of it, until `release-chunk`.
    if (event.type === "chunk-produced") this.#uses.begin(event.payload);
    this.#runner.post(event);
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "produce-chunk":
        return this.#content.produce(effect.index);
      case "release-chunk":
        return this.#uses.end(effect.payload);
      case "load-chunk":
        return this.#content.load(effect.index, effect.hash);
      case "hash-session":
        return this.#content.hash(effect.pages);
      case "report-step":
        return this.#options.onStep(effect.step);
      case "send-datagram":
      case "send-frame":
      case "dial":
      case "close-connection":
      case "drop-connection":
      case "pause-connection":
      case "resume-connection":
        return this.#port.perform(effect);
      default:
        throw new Error(`a root does not want ${effect.type}`);
    }
  }
}
