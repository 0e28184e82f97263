import type { OpenTransportOptions, Transport } from "@palmtree/transport";
import { type Address, anySession, type ControlMessage, makeKnock, nobody } from "@palmtree/wire";
import { expect, test } from "vitest";
import { Switchboard } from "../../src/runtime/switchboard.js";
import { makeInvite } from "../core/parts.js";

const from = "10.0.0.9:4747" as Address;

test("of what is said to no session in particular only a knock is heard, by every session", async () => {
  let hear: OpenTransportOptions["handlers"]["onDatagram"] = () => undefined;
  const strange: string[] = [];
  const switchboard = await Switchboard.open(
    ({ handlers }) => {
      hear = handlers.onDatagram;
      return Promise.resolve({} as Transport);
    },
    { host: "127.0.0.1", port: 0 },
    (_, { message }) => strange.push(message.type),
  );
  const heard: string[] = [];
  for (const name of ["one", "two"])
    switchboard.join(name.padEnd(32, "0"), {
      onDatagram: (_, { message }) => heard.push(`${name}: ${message.type}`),
      isExpected: () => false,
      onHello: () => undefined,
    });
  const say = (message: ControlMessage): void =>
    hear(from, {
      session: anySession,
      sender: "00000000000000ff",
      receiver: nobody,
      counter: 1,
      message,
    });
  say(makeKnock());
  say({ type: "orphan", pulse: 1 });
  say(makeInvite());
  expect(heard).toEqual(["one: knock", "two: knock"]);
  expect(switchboard.counters.datagramsStray).toBe(2);
  // Nobody may be invited to no session.
  expect(strange).toEqual(["orphan"]);
});
