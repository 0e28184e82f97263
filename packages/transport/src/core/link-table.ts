/**
 * The link of one peer to one neighbour, as a table of states and events.
 *
 * A link is *passive* while only UDP joins the two peers and *active* while a TCP connection does.
 * Whoever wants the link active (in the seed's tree: the child that accepted a tree check) asks,
 * and dials; the other side offers, and accepts:
 *
 * ```text
 *   asks:    passive --upgrade--> requesting --accept--> dialling --welcome--> active
 *   offers:  passive --request--> offering ------------------------hello-----> active
 *
 *   asks                                   offers
 *    | ---- upgrade-request (UDP) ----------> |   repeated until answered
 *    | <--- upgrade-accept + token (UDP) ---- |   the same token for every repeated request
 *    | ==== TCP connection, hello + token ==> |   the offering side is active now
 *    | <=== welcome ========================= |   the asking side is active now
 * ```
 *
 * Why it holds over a network that loses, repeats and reorders datagrams:
 *
 * 1. *Activity follows the connection, never a datagram.* Both sides become active by a frame on
 *    one and the same connection, and TCP tells both when it ends. So no side stays active alone:
 *    a lost datagram can only make an attempt fail.
 * 2. *The token ties a connection to one offer.* A hello with the token of an offer that has been
 *    withdrawn, expired or used is refused, and the refusal ends the neighbour's attempt.
 * 3. *Every attempt ends.* `requesting`, `dialling` and `offering` have a time limit; the asking
 *    side's began earlier, so it gives up first and the offer outlives the attempt.
 * 4. *Repeated datagrams change nothing.* A repeated request is answered again with the same
 *    token; a repeated accept finds the link past `requesting`; a reject that arrives after an
 *    accept answers an older request, and if it is meant, the hello will be refused.
 * 5. *Datagrams that tell of an end are never answered*, so two links cannot keep each other busy.
 * 6. *Two that ask each other at once* would each become the other's parent: both reject (`busy`),
 *    and whoever asks again first gets its wish.
 *
 * A request that finds the link active comes from a neighbour that lost the connection, or its
 * memory, before TCP told us: the old connection is given up and a new offer is made. A request
 * delayed by more than a round trip, so that it arrives after the hello it led to, looks the same
 * and costs one more attempt; the link stays consistent.
 *
 * Reports: every attempt to become active ends in one `report-active` or one `report-passive`,
 * and every `report-active` is followed by exactly one `report-passive`.
 */

/** Where a link stands; `closed` is final. */
export type LinkState = "passive" | "requesting" | "dialling" | "offering" | "active" | "closed";

/** What can happen to a link. {@link LinkEvent} has the data of each. */
export type LinkEventType =
  | "upgrade"
  | "request-received"
  | "request-refused"
  | "accept-received"
  | "reject-received"
  | "dial-opened"
  | "dial-failed"
  | "hello-received"
  | "welcome-received"
  | "connection-lost"
  | "downgrade"
  | "downgrade-received"
  | "retry"
  | "expire"
  | "close";

/** What a link can want done. {@link LinkAction} has the data of each. */
export type LinkActionType =
  | "send-request"
  | "send-accept"
  | "send-reject"
  | "dial"
  | "send-hello"
  | "send-welcome"
  | "refuse-hello"
  | "close-connection"
  | "send-downgrade"
  | "report-active"
  | "report-passive";

/** One entry of the table: where the link goes and what it wants done, in order. */
export interface LinkTransition {
  /** The state after the event; `undefined` stays. */
  readonly next: LinkState | undefined;
  readonly actions: readonly LinkActionType[];
}

/** Every state by every event. */
export type LinkTable = Readonly<
  Record<LinkState, Readonly<Record<LinkEventType, LinkTransition>>>
>;

const ignored: LinkTransition = { next: undefined, actions: [] };

function stay(...actions: readonly LinkActionType[]): LinkTransition {
  return { next: undefined, actions };
}

function to(next: LinkState, ...actions: readonly LinkActionType[]): LinkTransition {
  return { next, actions };
}

/** The link's rules: an entry for every state and every event. */
export const linkTable: LinkTable = {
  passive: {
    upgrade: to("requesting", "send-request"),
    "request-received": to("offering", "send-accept"),
    "request-refused": stay("send-reject"),
    // We gave up before the answer came: the neighbour need not keep its offer until it expires.
    "accept-received": stay("send-downgrade"),
    "reject-received": ignored,
    "dial-opened": stay("close-connection"),
    "dial-failed": ignored,
    "hello-received": stay("refuse-hello"),
    "welcome-received": ignored,
    "connection-lost": ignored,
    downgrade: ignored,
    "downgrade-received": ignored,
    retry: ignored,
    expire: ignored,
    close: to("closed"),
  },

  requesting: {
    upgrade: ignored,
    "request-received": stay("send-reject"),
    "request-refused": stay("send-reject"),
    "accept-received": to("dialling", "dial"),
    "reject-received": to("passive", "report-passive"),
    "dial-opened": stay("close-connection"),
    "dial-failed": ignored,
    "hello-received": stay("refuse-hello"),
    "welcome-received": ignored,
    "connection-lost": ignored,
    downgrade: to("passive", "send-downgrade", "report-passive"),
    // The neighbour speaks of what was before this request; the next one will be answered.
    "downgrade-received": ignored,
    retry: stay("send-request"),
    expire: to("passive", "send-downgrade", "report-passive"),
    close: to("closed", "send-downgrade", "report-passive"),
  },

  dialling: {
    upgrade: ignored,
    "request-received": stay("send-reject"),
    "request-refused": stay("send-reject"),
    "accept-received": ignored,
    "reject-received": ignored,
    "dial-opened": stay("send-hello"),
    "dial-failed": to("passive", "send-downgrade", "report-passive"),
    "hello-received": stay("refuse-hello"),
    "welcome-received": to("active", "report-active"),
    "connection-lost": to("passive", "send-downgrade", "report-passive"),
    downgrade: to("passive", "close-connection", "send-downgrade", "report-passive"),
    "downgrade-received": to("passive", "close-connection", "report-passive"),
    retry: ignored,
    expire: to("passive", "close-connection", "send-downgrade", "report-passive"),
    close: to("closed", "close-connection", "send-downgrade", "report-passive"),
  },

  offering: {
    upgrade: ignored,
    "request-received": stay("send-accept"),
    "request-refused": to("passive", "send-reject", "report-passive"),
    "accept-received": ignored,
    "reject-received": ignored,
    "dial-opened": stay("close-connection"),
    "dial-failed": ignored,
    "hello-received": to("active", "send-welcome", "report-active"),
    "welcome-received": ignored,
    "connection-lost": ignored,
    downgrade: to("passive", "send-downgrade", "report-passive"),
    "downgrade-received": to("passive", "report-passive"),
    retry: ignored,
    expire: to("passive", "send-downgrade", "report-passive"),
    close: to("closed", "send-downgrade", "report-passive"),
  },

  active: {
    upgrade: ignored,
    "request-received": to("offering", "close-connection", "report-passive", "send-accept"),
    "request-refused": to("passive", "close-connection", "report-passive", "send-reject"),
    "accept-received": ignored,
    "reject-received": ignored,
    "dial-opened": ignored,
    "dial-failed": ignored,
    // The token was used by the connection that is up; the newcomer must not disturb it.
    "hello-received": stay("refuse-hello"),
    "welcome-received": ignored,
    // TCP may have told only us.
    "connection-lost": to("passive", "send-downgrade", "report-passive"),
    downgrade: to("passive", "close-connection", "send-downgrade", "report-passive"),
    "downgrade-received": to("passive", "close-connection", "report-passive"),
    retry: ignored,
    expire: ignored,
    close: to("closed", "close-connection", "send-downgrade", "report-passive"),
  },

  closed: {
    upgrade: ignored,
    "request-received": stay("send-reject"),
    "request-refused": stay("send-reject"),
    "accept-received": stay("send-downgrade"),
    "reject-received": ignored,
    "dial-opened": stay("close-connection"),
    "dial-failed": ignored,
    "hello-received": stay("refuse-hello"),
    "welcome-received": ignored,
    "connection-lost": ignored,
    downgrade: ignored,
    "downgrade-received": ignored,
    retry: ignored,
    expire: ignored,
    close: ignored,
  },
};
