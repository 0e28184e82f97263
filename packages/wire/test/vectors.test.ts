import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { datagramRows } from "../src/datagram-table.js";
import { frameRows } from "../src/frame-table.js";
import {
  type Datagram,
  decodeDatagram,
  encodeDatagram,
  type Frame,
  FrameReader,
  fromHex,
  toHex,
} from "../src/index.js";
import { frameBytes, inText, malformedFacts, readPieces } from "./bytes.js";
import { malformedVectors } from "./malformed-vectors.js";
import { datagramVectors, frameVectors } from "./vectors.js";

const folder = new URL("../../../docs/vectors/", import.meta.url);

/** Reads a file of vectors; writes it first when UPDATE_VECTORS is set. */
function stored<T>(file: string, vectors: readonly object[]): readonly T[] {
  const path = fileURLToPath(new URL(file, folder));
  if (process.env.UPDATE_VECTORS === "1") {
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      path,
      `[\n${vectors.map((vector) => `  ${JSON.stringify(vector)}`).join(",\n")}\n]\n`,
    );
  }
  return JSON.parse(readFileSync(path, "utf8")) as T[];
}

/** Messages as JSON: bytes are hexadecimal digits. */
function toJson(message: object): unknown {
  return JSON.parse(
    JSON.stringify(message, (_key, value: unknown) => {
      return value instanceof Uint8Array ? toHex(value) : value;
    }),
  );
}

function fromJson(message: unknown): unknown {
  const binaryFields = [
    "manifestHash",
    "rootKey",
    "sessionHash",
    "publicKey",
    "signature",
    "payload",
    "padding",
    "cookie",
  ];
  return JSON.parse(JSON.stringify(message), (key, value: unknown) => {
    return binaryFields.includes(key) ? fromHex(value as string) : value;
  });
}

const datagrams = stored<{ name: string; datagram: unknown; hex: string }>(
  "datagrams.json",
  datagramVectors.map(({ name, datagram }) => {
    return { name, datagram: toJson(datagram), hex: toHex(encodeDatagram(datagram)) };
  }),
);
const frames = stored<{ name: string; frame: unknown; hex: string }>(
  "frames.json",
  frameVectors.map(({ name, frame }) => {
    return { name, frame: toJson(frame), hex: toHex(frameBytes(frame)) };
  }),
);
const malformed = stored<{ name: string; as: string; rule: string; field: string; hex: string }>(
  "malformed.json",
  malformedVectors.map(({ bytes, ...vector }) => ({ ...vector, hex: toHex(bytes) })),
);

describe("docs/vectors/datagrams.json", () => {
  test("has every type, and every vector of the tests", () => {
    const types = datagramVectors.map(({ datagram }) => datagram.message.type);
    expect(new Set(types)).toEqual(new Set(Object.keys(datagramRows)));
    expect(datagrams.map(({ name }) => name)).toEqual(datagramVectors.map(({ name }) => name));
    expect(datagrams.map(({ datagram }) => datagram)).toEqual(
      datagramVectors.map(({ datagram }) => toJson(datagram)),
    );
  });

  test.each(datagrams)(
    "$name: encodes to those bytes and decodes from them",
    ({ datagram, hex }) => {
      expect(toHex(encodeDatagram(fromJson(datagram) as Datagram))).toBe(hex);
      expect(toJson(decodeDatagram(fromHex(hex)))).toEqual(datagram);
    },
  );
});

describe("docs/vectors/frames.json", () => {
  test("has every type, and every vector of the tests", () => {
    const types = frameVectors.map(({ frame }) => frame.type);
    expect(new Set(types)).toEqual(new Set(Object.keys(frameRows)));
    expect(frames.map(({ name }) => name)).toEqual(frameVectors.map(({ name }) => name));
    expect(frames.map(({ frame }) => frame)).toEqual(
      frameVectors.map(({ frame }) => toJson(frame)),
    );
  });

  test.each(frames)("$name: encodes to those bytes and decodes from them", ({ frame, hex }) => {
    expect(toHex(frameBytes(fromJson(frame) as Frame))).toBe(hex);
    expect(inText(readPieces([fromHex(hex)]))).toEqual([fromJsonInText(frame)]);
  });
});

function fromJsonInText(frame: unknown): object {
  return inText([fromJson(frame) as Frame])[0] ?? {};
}

describe("docs/vectors/malformed.json", () => {
  test("has every rule, and every vector of the tests", () => {
    expect(malformed).toEqual(
      malformedVectors.map(({ bytes, ...vector }) => ({ ...vector, hex: toHex(bytes) })),
    );
    const rules =
      "size magic version protection type counter truncated format count length range utf-8 trailing";
    expect(new Set(malformed.map(({ rule }) => rule))).toEqual(new Set(rules.split(" ")));
  });

  test.each(malformed)("$as: $name breaks rule $rule at $field", ({ as, rule, field, hex }) => {
    const bytes = fromHex(hex);
    const decode = () => {
      if (as === "datagram") decodeDatagram(bytes);
      else new FrameReader().push(bytes, () => undefined);
    };
    expect(malformedFacts(decode)).toMatchObject({ rule, field });
  });
});
