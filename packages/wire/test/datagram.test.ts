import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ControlMessage,
  type Datagram,
  decodeDatagram,
  encodeDatagram,
  isPalmTreeError,
  type PeerInfo,
  wireLimits,
} from "../src/index.js";
import { controlMessages, datagram } from "./arbitraries.js";
import { join, malformedFacts, msgpack, rawDatagram, tolerate } from "./bytes.js";

const types = Object.keys(controlMessages) as ControlMessage["type"][];

function anyOf(type: ControlMessage["type"]): fc.Arbitrary<Datagram> {
  return datagram(controlMessages[type]);
}

const ping: Datagram = {
  session: "000102030405060708090a0b0c0d0e0f",
  sender: "1011121314151617",
  receiver: "18191a1b1c1d1e1f",
  counter: 1,
  message: { type: "ping", pulse: 7 },
};

function localCode(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isPalmTreeError(error)) return `${error.code} ${error.fault}`;
    return error instanceof Error ? error.name : "something else";
  }
  return "nothing";
}

describe.each(types)("datagram %s", (type) => {
  test("survives the way there and back, and has one encoding", () => {
    fc.assert(
      fc.property(anyOf(type), (sent) => {
        const bytes = encodeDatagram(sent);
        expect(bytes.length).toBeLessThanOrEqual(wireLimits.datagramBytes);
        const received = decodeDatagram(bytes);
        expect(received).toStrictEqual(sent);
        expect(Object.keys(received.message)).toEqual(Object.keys(sent.message));
        expect(encodeDatagram(received)).toEqual(bytes);
      }),
    );
  });

  test("is refused wherever it is cut", () => {
    fc.assert(
      fc.property(anyOf(type), (sent) => {
        const bytes = encodeDatagram(sent);
        for (let length = 0; length < bytes.length; length += 1) {
          const { rule } = malformedFacts(() => decodeDatagram(bytes.subarray(0, length)));
          const expected = length <= 41 ? "size" : "truncated";
          if (rule !== expected)
            expect.fail(`${rule} instead of ${expected} after ${length} bytes`);
        }
      }),
      { numRuns: 10 },
    );
  });

  test("is refused with anything after it", () => {
    fc.assert(
      fc.property(anyOf(type), fc.uint8Array({ minLength: 1, maxLength: 40 }), (sent, more) => {
        const bytes = join(encodeDatagram(sent), more);
        const { rule } = malformedFacts(() => decodeDatagram(bytes));
        expect(rule).toBe(bytes.length > 40 + wireLimits.messageBytes ? "size" : "trailing");
      }),
    );
  });

  test("is decoded or called malformed, whatever happens to its bytes on the way", () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(anyOf(type), flips, (sent, changes) => {
        const bytes = encodeDatagram(sent);
        for (const [at, change] of changes) {
          const index = at % bytes.length;
          bytes[index] = bytes[index]! ^ change;
        }
        const received = tolerate(() => decodeDatagram(bytes));
        if (received !== undefined) encodeDatagram(received);
      }),
      { numRuns: 500 },
    );
  });
});

describe("the envelope", () => {
  test("is laid out to the byte", () => {
    const bytes = encodeDatagram({ ...ping, counter: 0x01020304 });
    expect(bytes).toEqual(
      join(
        "5054 01 00 000102030405060708090a0b0c0d0e0f 1011121314151617",
        "18191a1b1c1d1e1f 01020304 0f 91 07",
      ),
    );
  });

  test.each([
    ["size", "0 bytes", new Uint8Array()],
    ["size", "41 bytes", encodeDatagram(ping).subarray(0, 41)],
    ["size", "1,201 bytes", join(encodeDatagram(ping), new Uint8Array(1_201 - 43))],
    ["magic", "another first byte", join("51", encodeDatagram(ping).subarray(1))],
    ["magic", "another second byte", join("5055", encodeDatagram(ping).subarray(2))],
    ["version", "version 0", join("505400", encodeDatagram(ping).subarray(3))],
    ["version", "version 2", join("505402", encodeDatagram(ping).subarray(3))],
    [
      "protection",
      "the protection of a sealed one",
      join("50540101", encodeDatagram(ping).subarray(4)),
    ],
    ["protection", "protection 255", join("505401ff", encodeDatagram(ping).subarray(4))],
    ["type", "type 0", rawDatagram(0, join("90"))],
    ["type", "type 29", rawDatagram(29, join("90"))],
    ["type", "type 255", rawDatagram(255, join("90"))],
    [
      "counter",
      "counter 0",
      join(encodeDatagram(ping).subarray(0, 36), "00000000", encodeDatagram(ping).subarray(40)),
    ],
  ])("breaks rule %s with %s", (rule, _what, bytes) => {
    expect(malformedFacts(() => decodeDatagram(bytes)).rule).toBe(rule);
  });

  test("holds any bytes as session and sender, and the largest counter", () => {
    const sent = {
      ...ping,
      session: "ff".repeat(16),
      sender: "00".repeat(8),
      receiver: "ff".repeat(8),
      counter: 2 ** 32 - 1,
    };
    expect(decodeDatagram(encodeDatagram(sent))).toStrictEqual(sent);
  });

  test("may stand anywhere in a larger buffer, a Node Buffer too, that is used again", () => {
    fc.assert(
      fc.property(datagram(controlMessages.invite), fc.nat(16), (sent, before) => {
        const buffer = Buffer.from(join(new Uint8Array(before), encodeDatagram(sent), 1, 2, 3));
        const received = decodeDatagram(buffer.subarray(before, buffer.length - 3));
        buffer.fill(0xee);
        expect(received).toStrictEqual(sent);
      }),
    );
  });
});

describe("any bytes at all", () => {
  test("are decoded or called malformed", () => {
    const body = fc.uint8Array({ maxLength: 64 }).map((bytes) => join("95", bytes));
    const enveloped = fc.tuple(fc.nat(27), body).map(([code, bytes]) => rawDatagram(code, bytes));
    fc.assert(
      fc.property(fc.oneof(enveloped, fc.uint8Array({ maxLength: 1_300 })), (bytes) => {
        tolerate(() => decodeDatagram(bytes));
      }),
      { numRuns: 5_000 },
    );
  });

  test("that are no Uint8Array are the caller's mistake", () => {
    expect(() => decodeDatagram("PT" as never)).toThrow(TypeError);
  });
});

describe("a neighbours list", () => {
  const peer = (number: number, address: string): PeerInfo => ({
    number,
    id: "00112233445566ff",
    address,
  });
  const list = (count: number, address: string): Datagram => ({
    ...ping,
    message: {
      type: "neighbours",
      revision: 2 ** 32 - 1,
      number: 65_535,
      peerCount: 65_536,
      neighbours: Array.from({ length: count }, () => peer(65_535, address)),
    },
  });
  const ipv4 = "255.255.255.255:65535";
  const ipv6 = "[2001:db8:1111:2222:3333:4444:5555:6666]:65535";

  test("of 44 peers with IPv4 or 29 with IPv6 fits a datagram", () => {
    for (const sent of [list(44, ipv4), list(29, ipv6)]) {
      expect(decodeDatagram(encodeDatagram(sent))).toStrictEqual(sent);
    }
  });

  test("that does not fit is refused by the encoder as a limit", () => {
    for (const sent of [list(45, ipv4), list(30, ipv6), list(65, ipv4)]) {
      expect(localCode(() => encodeDatagram(sent))).toBe("limit-exceeded local");
    }
  });

  test("of more than 64 is malformed, before the first peer is read", () => {
    const body = join("94 01 01 01 dc 0041");
    expect(malformedFacts(() => decodeDatagram(rawDatagram(4, body)))).toMatchObject({
      rule: "count",
      field: "neighbours",
    });
  });

  test("brings IPv4 addresses that are mapped into IPv6 in as IPv4", () => {
    const mapped = join("00000000000000000000ffff0a000007");
    const body = msgpack([1, 2, 3, [[4, new Uint8Array(8), mapped, 4747]]]);
    const { message } = decodeDatagram(rawDatagram(4, body));
    expect(message).toMatchObject({ neighbours: [{ address: "10.0.0.7:4747" }] });
  });

  test.each([
    ["an item of three", [1, new Uint8Array(8), new Uint8Array(4)], "neighbours[1]", "count"],
    [
      "number 65,536",
      [65_536, new Uint8Array(8), new Uint8Array(4), 1],
      "neighbours[1].number",
      "range",
    ],
    [
      "an id of 7 bytes",
      [1, new Uint8Array(7), new Uint8Array(4), 1],
      "neighbours[1].id",
      "length",
    ],
    [
      "an ip of 5 bytes",
      [1, new Uint8Array(8), new Uint8Array(5), 1],
      "neighbours[1].ip",
      "length",
    ],
    ["port 0", [1, new Uint8Array(8), new Uint8Array(4), 0], "neighbours[1].port", "range"],
    [
      "port 65,536",
      [1, new Uint8Array(8), new Uint8Array(4), 65_536],
      "neighbours[1].port",
      "range",
    ],
    ["an id as text", [1, "01234567", new Uint8Array(4), 1], "neighbours[1].id", "format"],
    ["a map", { number: 1 }, "neighbours[1]", "format"],
  ])("with %s is malformed, and the error says where", (_what, item, field, rule) => {
    const good = [1, new Uint8Array(8), new Uint8Array(4), 1];
    const body = msgpack([1, 2, 3, [good, item]]);
    const facts = malformedFacts(() => decodeDatagram(rawDatagram(4, body)));
    expect(facts).toMatchObject({ message: "neighbours", field, rule });
  });
});

describe("the encoder", () => {
  const invite = fc.sample(controlMessages.invite, 1)[0]!;
  const withMessage = (message: unknown) => ({ ...ping, message }) as Datagram;

  test.each([
    ["a session in upper case", { ...ping, session: "AB".repeat(16) }],
    ["a session of 15 bytes", { ...ping, session: "ab".repeat(15) }],
    ["a sender that is no string", { ...ping, sender: 7 }],
    ["a counter that is no number", { ...ping, counter: "1" }],
    ["no message", { ...ping, message: undefined }],
    ["an unknown type", withMessage({ type: "toString" })],
    ["a missing field", withMessage({ type: "ping" })],
    ["a string for an integer", withMessage({ type: "ping", pulse: "7" })],
    ["a bigint for an integer", withMessage({ type: "ping", pulse: 7n })],
    ["an unknown word", withMessage({ type: "tree-reject", reason: "toString" })],
    ["a number for a word", withMessage({ type: "tree-reject", reason: 1 })],
    [
      "a token of 17 digits",
      withMessage({ type: "upgrade-accept", link: "tree", token: "0".repeat(17) }),
    ],
    [
      "a sink that accepts",
      withMessage({ type: "upgrade-accept", link: "sink", token: "0".repeat(16) }),
    ],
    ["a source that asks", withMessage({ type: "upgrade-request", link: "source" })],
    ["a lone surrogate", withMessage({ type: "leave", code: "left", detail: "\ud800" })],
    ["a hash of 31 bytes", withMessage({ ...invite, manifestHash: new Uint8Array(31) })],
    ["a hash as text", withMessage({ ...invite, manifestHash: "00".repeat(32) })],
    ["no list", withMessage({ type: "neighbours", revision: 1, number: 1, peerCount: 2 })],
    ["no peer", withMessage({ type: "refer", peer: null })],
    [
      "a peer without address",
      withMessage({ type: "refer", peer: { number: 1, id: "0".repeat(16) } }),
    ],
  ])("calls %s a TypeError", (_what, sent) => {
    expect(localCode(() => encodeDatagram(sent as Datagram))).toBe("TypeError");
  });

  test.each([
    ["counter 0", { ...ping, counter: 0 }],
    ["counter 2^32", { ...ping, counter: 2 ** 32 }],
    ["pulse -1", withMessage({ type: "ping", pulse: -1 })],
    ["pulse 0.5", withMessage({ type: "ping", pulse: 0.5 })],
    ["pulse NaN", withMessage({ type: "ping", pulse: Number.NaN })],
    ["a size of 2^53", withMessage({ ...invite, totalBytes: 2 ** 53 })],
  ])("calls %s a RangeError", (_what, sent) => {
    expect(localCode(() => encodeDatagram(sent))).toBe("RangeError");
  });

  test("calls a host name in a peer's address no address", () => {
    const peer = { number: 1, id: "0".repeat(16), address: "localhost:4747" };
    const sent = withMessage({ type: "refer", peer });
    expect(localCode(() => encodeDatagram(sent))).toBe("address-invalid local");
  });

  test("counts the bytes of a text, not its characters", () => {
    const named = (name: string) => withMessage({ ...invite, name });
    expect(localCode(() => encodeDatagram(named("é".repeat(127))))).toBe("nothing");
    expect(localCode(() => encodeDatagram(named("é".repeat(128))))).toBe("limit-exceeded local");
  });
});
