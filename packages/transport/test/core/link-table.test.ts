import { describe, expect, it } from "vitest";
import {
  Link,
  type LinkAction,
  type LinkEvent,
  type LinkEventType,
  type LinkState,
  linkTable,
} from "../../src/core/index.js";

const states = ["passive", "requesting", "dialling", "offering", "active", "closed"] as const;
const options = { upgradeRetryMs: 100, upgradeTimeoutMs: 1_000 };
const standing = "00000000000000aa";
const fresh = "00000000000000bb";

/** The ways into each state; `active` has two, by its direction. */
const paths: Record<LinkState | "active-accepted", readonly LinkEvent[]> = {
  passive: [],
  requesting: [{ type: "upgrade" }],
  dialling: [{ type: "upgrade" }, { type: "accept-received", token: standing }],
  offering: [{ type: "request-received", token: standing }],
  active: [
    { type: "upgrade" },
    { type: "accept-received", token: standing },
    { type: "dial-opened" },
    { type: "welcome-received" },
  ],
  "active-accepted": [{ type: "request-received", token: standing }, { type: "hello-received" }],
  closed: [{ type: "close" }],
};

const events: Record<LinkEventType, { readonly event: LinkEvent; readonly at: number }> = {
  upgrade: { event: { type: "upgrade" }, at: 10 },
  "request-received": { event: { type: "request-received", token: fresh }, at: 10 },
  "request-refused": { event: { type: "request-refused", reason: "fanout-full" }, at: 10 },
  "accept-received": { event: { type: "accept-received", token: fresh }, at: 10 },
  "reject-received": { event: { type: "reject-received" }, at: 10 },
  "dial-opened": { event: { type: "dial-opened" }, at: 10 },
  "dial-failed": { event: { type: "dial-failed" }, at: 10 },
  "hello-received": { event: { type: "hello-received" }, at: 10 },
  "welcome-received": { event: { type: "welcome-received" }, at: 10 },
  "connection-lost": { event: { type: "connection-lost" }, at: 10 },
  downgrade: { event: { type: "downgrade", reason: "corrupt" }, at: 10 },
  "downgrade-received": { event: { type: "downgrade-received" }, at: 10 },
  retry: { event: { type: "tick" }, at: 100 },
  expire: { event: { type: "tick" }, at: 1_000 },
  close: { event: { type: "close" }, at: 10 },
};

/**
 * What must happen, by event and then by state (the table itself is by state and then by event):
 * the state afterwards and the actions with their data. "." is: nothing changes, nothing is done.
 */
const expected: Record<LinkEventType, Record<LinkState, string>> = {
  upgrade: {
    passive: "requesting: send-request",
    requesting: ".",
    dialling: ".",
    offering: ".",
    active: ".",
    closed: ".",
  },
  "request-received": {
    passive: `offering: send-accept ${fresh}`,
    requesting: "requesting: send-reject busy",
    dialling: "dialling: send-reject busy",
    offering: `offering: send-accept ${standing}`,
    active: `offering: close-connection, report-passive active replaced, send-accept ${fresh}`,
    closed: "closed: send-reject leaving",
  },
  "request-refused": {
    passive: "passive: send-reject fanout-full",
    requesting: "requesting: send-reject fanout-full",
    dialling: "dialling: send-reject fanout-full",
    offering: "passive: send-reject fanout-full, report-passive offering refused",
    active: "passive: close-connection, report-passive active refused, send-reject fanout-full",
    closed: "closed: send-reject fanout-full",
  },
  "accept-received": {
    passive: "passive: send-downgrade lost",
    requesting: "dialling: dial 00000000000000bb",
    dialling: ".",
    offering: ".",
    active: ".",
    closed: "closed: send-downgrade leaving",
  },
  "reject-received": {
    passive: ".",
    requesting: "passive: report-passive requesting rejected",
    dialling: ".",
    offering: ".",
    active: ".",
    closed: ".",
  },
  "dial-opened": {
    passive: "passive: close-connection",
    requesting: "requesting: close-connection",
    dialling: `dialling: send-hello ${standing}`,
    offering: "offering: close-connection",
    active: ".",
    closed: "closed: close-connection",
  },
  "dial-failed": {
    passive: ".",
    requesting: ".",
    dialling: "passive: send-downgrade lost, report-passive dialling dial-failed",
    offering: ".",
    active: ".",
    closed: ".",
  },
  "hello-received": {
    passive: "passive: refuse-hello",
    requesting: "requesting: refuse-hello",
    dialling: "dialling: refuse-hello",
    offering: "active: send-welcome, report-active accepted",
    active: "active: refuse-hello",
    closed: "closed: refuse-hello",
  },
  "welcome-received": {
    passive: ".",
    requesting: ".",
    dialling: "active: report-active dialled",
    offering: ".",
    active: ".",
    closed: ".",
  },
  "connection-lost": {
    passive: ".",
    requesting: ".",
    dialling: "passive: send-downgrade lost, report-passive dialling lost",
    offering: ".",
    active: "passive: send-downgrade lost, report-passive active lost",
    closed: ".",
  },
  downgrade: {
    passive: ".",
    requesting: "passive: send-downgrade corrupt, report-passive requesting downgraded",
    dialling:
      "passive: close-connection, send-downgrade corrupt, report-passive dialling downgraded",
    offering: "passive: send-downgrade corrupt, report-passive offering downgraded",
    active: "passive: close-connection, send-downgrade corrupt, report-passive active downgraded",
    closed: ".",
  },
  "downgrade-received": {
    passive: ".",
    requesting: ".",
    dialling: "passive: close-connection, report-passive dialling downgraded-by-neighbour",
    offering: "passive: report-passive offering downgraded-by-neighbour",
    active: "passive: close-connection, report-passive active downgraded-by-neighbour",
    closed: ".",
  },
  retry: {
    passive: ".",
    requesting: "requesting: send-request",
    dialling: ".",
    offering: ".",
    active: ".",
    closed: ".",
  },
  expire: {
    passive: ".",
    requesting: "passive: send-downgrade silent, report-passive requesting expired",
    dialling: "passive: close-connection, send-downgrade silent, report-passive dialling expired",
    offering: "passive: send-downgrade silent, report-passive offering expired",
    active: ".",
    closed: ".",
  },
  close: {
    passive: "closed: ",
    requesting: "closed: send-downgrade leaving, report-passive requesting closed",
    dialling: "closed: close-connection, send-downgrade leaving, report-passive dialling closed",
    offering: "closed: send-downgrade leaving, report-passive offering closed",
    active: "closed: close-connection, send-downgrade leaving, report-passive active closed",
    closed: ".",
  },
};

function linkIn(state: keyof typeof paths): Link {
  const link = new Link(options);
  for (const event of paths[state]) link.handle(event, 0);
  return link;
}

function inWords(actions: readonly LinkAction[]): string {
  return actions.map((action) => Object.values(action).join(" ")).join(", ");
}

describe("the link's table", () => {
  it("has an entry for every state and every event, and no others", () => {
    expect(Object.keys(linkTable).sort()).toEqual([...states].sort());
    for (const state of states) {
      expect(Object.keys(linkTable[state]).sort()).toEqual(Object.keys(expected).sort());
    }
  });

  for (const state of states) {
    for (const [name, { event, at }] of Object.entries(events) as [
      LinkEventType,
      (typeof events)[LinkEventType],
    ][]) {
      const outcome = expected[name][state];
      it(`${state}, ${name}: ${outcome === "." ? "nothing" : outcome}`, () => {
        const link = linkIn(state);
        const deadline = link.deadline();
        const actions = link.handle(event, at);
        if (outcome !== ".") expect(`${link.state}: ${inWords(actions)}`).toBe(outcome);
        else expect([link.state, inWords(actions), link.deadline()]).toEqual([state, "", deadline]);
      });
    }
  }

  it("treats an accepted connection as it does a dialled one once the link is active", () => {
    for (const [name, { event, at }] of Object.entries(events)) {
      const dialled = linkIn("active");
      const accepted = linkIn("active-accepted");
      const actions = dialled.handle(event, at);
      expect(accepted.handle(event, at), name).toEqual(actions);
      expect(accepted.state).toBe(dialled.state);
    }
  });
});
