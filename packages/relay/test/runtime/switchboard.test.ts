import {
  type Connection,
  type ConnectionHandlers,
  GroupKey,
  type GroupKeys,
  type OpenTransportOptions,
  type Transport,
} from "@palmtree/transport";
import {
  type Address,
  anySession,
  type ControlMessage,
  type Hello,
  makeKnock,
  nobody,
} from "@palmtree/wire";
import { describe, expect, test } from "vitest";
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
    { host: "127.0.0.1", port: 0, keys: "insecure" },
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

const hello: Hello = {
  type: "hello",
  session: "0".repeat(31).concat("1"),
  peer: "1011121314151617",
  number: 1,
  token: "0011223344556677",
  link: "tree",
  hasManifest: false,
};

/** What becomes of a connection on which that hello comes. */
async function greet(keys: GroupKeys, caller: string | undefined): Promise<"heard" | "ended"> {
  let accept: OpenTransportOptions["handlers"]["onConnection"] = () => undefined;
  const open = ({ handlers }: OpenTransportOptions): Promise<Transport> => {
    accept = handlers.onConnection;
    return Promise.resolve({} as Transport);
  };
  const switchboard = await Switchboard.open(open, { host: "127.0.0.1", port: 0, keys });
  let outcome: "heard" | "ended" | undefined;
  switchboard.join(hello.session, {
    onDatagram: () => undefined,
    isExpected: () => true,
    onHello: () => {
      outcome = "heard";
    },
  });
  let given: ConnectionHandlers | undefined;
  accept({
    caller,
    setHandlers: (handlers: ConnectionHandlers) => {
      given = handlers;
    },
    limitChunkBytes: () => undefined,
    destroy: () => {
      outcome = "ended";
    },
  } as unknown as Connection);
  given?.onFrame(hello);
  expect(switchboard.counters.connectionsStray).toBe(outcome === "ended" ? 1 : 0);
  return outcome ?? expect.fail("nothing became of it");
}

describe("a hello", () => {
  const keys = [GroupKey.draw()];

  test("in a group is heard from whoever has proved to be who it says, and from nobody else", async () => {
    expect(await greet(keys, hello.peer)).toBe("heard");
    expect(await greet(keys, "2021222324252627")).toBe("ended");
  });

  test("in a group is not heard where nobody has proved anything", async () => {
    expect(await greet(keys, undefined)).toBe("ended");
  });

  test("without a key is believed: there is no proof", async () => {
    expect(await greet("insecure", undefined)).toBe("heard");
  });
});
