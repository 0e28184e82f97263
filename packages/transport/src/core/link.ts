import type { DowngradeReason, UpgradeRejectReason } from "@palmtree/wire";
import {
  type LinkActionType,
  type LinkEventType,
  type LinkState,
  linkTable,
} from "./link-table.js";

/** A fact that a link is told. The rules are in {@link linkTable}. */
export type LinkEvent =
  /** This peer wants the link active. */
  | { readonly type: "upgrade" }
  /**
   * The neighbour sent `upgrade-request`, and this peer would take it. The token is for a new
   * offer (8 unpredictable bytes, 16 hexadecimal digits); a standing offer keeps its own.
   */
  | { readonly type: "request-received"; readonly token: string }
  /** The neighbour sent `upgrade-request`, and this peer does not want it. */
  | { readonly type: "request-refused"; readonly reason: UpgradeRejectReason }
  /** The neighbour sent `upgrade-accept` with this token. */
  | { readonly type: "accept-received"; readonly token: string }
  /** The neighbour sent `upgrade-reject`. */
  | { readonly type: "reject-received" }
  /** The TCP connection that `dial` asked for is open. */
  | { readonly type: "dial-opened" }
  /** The TCP connection that `dial` asked for did not open. */
  | { readonly type: "dial-failed" }
  /** A hello from this neighbour came with {@link Link.offeredToken}; any other is no event. */
  | { readonly type: "hello-received" }
  /** The neighbour's welcome came over the dialled connection. */
  | { readonly type: "welcome-received" }
  /** The link's own connection ended, from whatever cause but `close-connection`. */
  | { readonly type: "connection-lost" }
  /** This peer wants the link passive, or gives an upgrade up. */
  | { readonly type: "downgrade"; readonly reason: DowngradeReason }
  /** The neighbour sent `downgrade`. */
  | { readonly type: "downgrade-received" }
  /** Time has passed: does what {@link Link.deadline} promised; too early, it does nothing. */
  | { readonly type: "tick" }
  /** The link is over, for good. */
  | { readonly type: "close" };

/** Why a link is passive again. */
export type PassiveReason =
  /** The neighbour rejected the request. */
  | "rejected"
  /** This peer changed its mind about an offer, or does not take the neighbour back. */
  | "refused"
  /** The connection could not be opened. */
  | "dial-failed"
  /** The connection ended. */
  | "lost"
  /** The neighbour asked anew: for it, the connection was gone. */
  | "replaced"
  /** The attempt took too long. */
  | "expired"
  /** This peer wanted it. */
  | "downgraded"
  /** The neighbour wanted it. */
  | "downgraded-by-neighbour"
  /** The link was closed. */
  | "closed";

/** Something that a link wants done; a list of them is to be done in order. */
export type LinkAction =
  /** Send `upgrade-request` to the neighbour. */
  | { readonly type: "send-request" }
  /** Send `upgrade-accept` with this token. */
  | { readonly type: "send-accept"; readonly token: string }
  /** Send `upgrade-reject`. */
  | { readonly type: "send-reject"; readonly reason: UpgradeRejectReason }
  /** Open a connection to the neighbour, which has offered it with this token. */
  | { readonly type: "dial"; readonly token: string }
  /** Send a hello with this token as the first frame of the dialled connection. */
  | { readonly type: "send-hello"; readonly token: string }
  /** Send a welcome over the connection that the hello came on: it is the link's own now. */
  | { readonly type: "send-welcome" }
  /** Destroy the connection that the hello came on; the link's own is untouched. */
  | { readonly type: "refuse-hello" }
  /** End the link's own connection, open or opening. Nothing that it still does is an event. */
  | { readonly type: "close-connection" }
  /** Send `downgrade`. */
  | { readonly type: "send-downgrade"; readonly reason: DowngradeReason }
  /** The link is active, over a connection that this peer `dialled` or `accepted`. */
  | { readonly type: "report-active"; readonly direction: "dialled" | "accepted" }
  /** The link is not active any more, or an attempt to make it so failed; `from` tells which. */
  | { readonly type: "report-passive"; readonly from: LinkState; readonly why: PassiveReason };

/** The knobs of a link. Times are milliseconds on the caller's monotonic clock. */
export interface LinkOptions {
  /**
   * Pause before an unanswered request is repeated. Too low floods a slow neighbour; too high
   * makes one lost datagram cost as much. Guess: several LAN round trips.
   */
  readonly upgradeRetryMs: number;
  /**
   * After this, an attempt to become active has failed, and so has an offer that nobody took. Too
   * low fails on long paths (it must hold two round trips and a TCP handshake); too high keeps a
   * child slot for a neighbour that is gone. Guess.
   */
  readonly upgradeTimeoutMs: number;
}

/** The defaults of {@link LinkOptions}. */
export const defaultLinkOptions: LinkOptions = { upgradeRetryMs: 250, upgradeTimeoutMs: 3_000 };

/**
 * The link of this peer to one neighbour: pure bookkeeping over {@link linkTable}. It owns no
 * socket and no clock; the caller tells it what happened and does what it asks for.
 *
 * A link has at most one connection. After `close-connection` the caller passes on nothing that
 * the connection still does, and a hello is an event only if its token is {@link offeredToken}.
 *
 * @example
 * ```ts
 * const link = new Link();
 * link.handle({ type: "upgrade" }, 0); // [{ type: "send-request" }]
 * link.deadline(); // 250
 * link.handle({ type: "accept-received", token: "0011223344556677" }, 3); // [{ type: "dial", token }]
 * link.state; // "dialling"
 * ```
 */
export class Link {
  readonly #options: LinkOptions;
  #state: LinkState = "passive";
  #offeredToken: string | undefined;
  #receivedToken = "";
  #retryAt: number | undefined;
  #expireAt: number | undefined;

  /** @throws RangeError when a time is not a positive number. */
  constructor(options: Partial<LinkOptions> = {}) {
    this.#options = { ...defaultLinkOptions, ...options };
    for (const name of ["upgradeRetryMs", "upgradeTimeoutMs"] as const) {
      const value = this.#options[name];
      if (!(Number.isFinite(value) && value > 0)) {
        throw new RangeError(`${name} is ${value}; it must be a positive number of milliseconds`);
      }
    }
  }

  /** Where the link stands. */
  get state(): LinkState {
    return this.#state;
  }

  /** The token that a hello must show, while the link is `offering`. */
  get offeredToken(): string | undefined {
    return this.#offeredToken;
  }

  /** When `tick` has something to do, in the caller's milliseconds. */
  deadline(): number | undefined {
    if (this.#retryAt === undefined) return this.#expireAt;
    return Math.min(this.#retryAt, this.#expireAt ?? this.#retryAt);
  }

  /** Take a fact in and say what is to be done about it, in order. */
  handle(event: LinkEvent, now: number): readonly LinkAction[] {
    const type = event.type === "tick" ? this.#dueTimer(now) : event.type;
    if (type === undefined) return [];
    const from = this.#state;
    const { next, actions } = linkTable[from][type];
    if (event.type === "accept-received" && next === "dialling") this.#receivedToken = event.token;
    if (event.type === "request-received" && next === "offering") this.#offeredToken = event.token;
    if (next !== undefined) this.#enter(next, now);
    if (type === "retry") this.#retryAt = now + this.#options.upgradeRetryMs;
    return actions.map((action) => this.#describe(action, event, type, from));
  }

  #dueTimer(now: number): "retry" | "expire" | undefined {
    if (this.#expireAt !== undefined && now >= this.#expireAt) return "expire";
    if (this.#retryAt !== undefined && now >= this.#retryAt) return "retry";
    return undefined;
  }

  /** An attempt's time limit runs from its first state to its last. */
  #enter(next: LinkState, now: number): void {
    this.#state = next;
    const { upgradeRetryMs, upgradeTimeoutMs } = this.#options;
    this.#retryAt = next === "requesting" ? now + upgradeRetryMs : undefined;
    if (next === "requesting" || next === "offering") this.#expireAt = now + upgradeTimeoutMs;
    else if (next !== "dialling") this.#expireAt = undefined;
    if (next !== "offering") this.#offeredToken = undefined;
  }

  #describe(
    action: LinkActionType,
    event: LinkEvent,
    type: LinkEventType,
    from: LinkState,
  ): LinkAction {
    switch (action) {
      case "send-accept":
        return { type: action, token: this.#offeredToken ?? "" };
      case "dial":
      case "send-hello":
        return { type: action, token: this.#receivedToken };
      case "send-reject": {
        if (event.type === "request-refused") return { type: action, reason: event.reason };
        return { type: action, reason: from === "closed" ? "leaving" : "busy" };
      }
      case "send-downgrade":
        return { type: action, reason: downgradeReason(event, type, from) };
      case "report-active":
        return { type: action, direction: from === "dialling" ? "dialled" : "accepted" };
      case "report-passive":
        return { type: action, from, why: passiveReasons[type] ?? "lost" };
      default:
        return { type: action };
    }
  }
}

/** Why the link is passive, by the event that made it so. */
const passiveReasons: Readonly<Partial<Record<LinkEventType, PassiveReason>>> = {
  "reject-received": "rejected",
  "request-refused": "refused",
  "request-received": "replaced",
  "dial-failed": "dial-failed",
  "connection-lost": "lost",
  expire: "expired",
  downgrade: "downgraded",
  "downgrade-received": "downgraded-by-neighbour",
  close: "closed",
};

function downgradeReason(event: LinkEvent, type: LinkEventType, from: LinkState): DowngradeReason {
  if (event.type === "downgrade") return event.reason;
  if (type === "close" || from === "closed") return "leaving";
  return type === "expire" ? "silent" : "lost";
}
