import { createHash, createPrivateKey, sign, verify } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  fromHex,
  pageStatement,
  type Report,
  reportStatement,
  sealStatement,
  sessionStatement,
  toHex,
} from "../src/index.js";

/** The private key of RFC 8032, section 7.1, test 1: signatures with it are the same everywhere. */
const seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const rootKey = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const privateKey = createPrivateKey({
  key: Buffer.from(`302e020100300506032b657004220420${seed}`, "hex"),
  format: "der",
  type: "pkcs8",
});

const session = createHash("sha256")
  .update(sessionStatement(fromHex(rootKey)))
  .digest("hex")
  .slice(0, 32);

function hash(first: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, at) => (first + at) & 255);
}

function pageVector(name: string, firstChunk: number, payload: Uint8Array) {
  const statement = pageStatement(session, { firstChunk, payload });
  const fields = { firstChunk, payload: toHex(payload) };
  return { name, ...fields, ...signed(statement) };
}

function sealVector(name: string, sessionHash: Uint8Array, totalBytes: number) {
  const statement = sealStatement(session, { sessionHash, totalBytes });
  return { name, sessionHash: toHex(sessionHash), totalBytes, ...signed(statement) };
}

type End = Pick<Report, "number" | "status" | "bytes" | "code">;

/** The key is any peer's here: it happens to be the root's. */
function reportVector(name: string, end: End) {
  return { name, ...end, ...signed(reportStatement(session, end)) };
}

function signed(statement: Uint8Array) {
  return {
    statement: toHex(statement),
    signature: sign(null, statement, privateKey).toString("hex"),
  };
}

const vectors = {
  privateKey: seed,
  rootKey,
  session: { statement: toHex(sessionStatement(fromHex(rootKey))), id: session },
  hashes: [
    pageVector("hashes, one", 0, hash(0)),
    pageVector("hashes, two", 32, Uint8Array.of(...hash(0), ...hash(32))),
    pageVector("hashes, the last chunk of the largest session", 16_777_215, hash(64)),
  ],
  seal: [
    sealVector("seal", hash(0), 4_294_967_296),
    sealVector("seal of nothing", hash(1), 0),
    sealVector("seal, everything largest", hash(2), Number.MAX_SAFE_INTEGER),
  ],
  report: [
    reportVector("report", { number: 5, status: "complete", bytes: 4_294_967_296, code: "" }),
    reportVector("report, failed", { number: 5, status: "failed", bytes: 17, code: "disk-full" }),
    reportVector("report, everything largest", {
      number: 65_535,
      status: "failed",
      bytes: Number.MAX_SAFE_INTEGER,
      code: "c".repeat(64),
    }),
  ],
};

const path = fileURLToPath(new URL("../../../docs/vectors/statements.json", import.meta.url));
if (process.env.UPDATE_VECTORS === "1")
  writeFileSync(path, `${JSON.stringify(vectors, undefined, 2)}\n`);

describe("docs/vectors/statements.json", () => {
  test("has the statements and signatures that this implementation makes", () => {
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(vectors);
  });

  test.each([...vectors.hashes, ...vectors.seal, ...vectors.report])(
    "$name: is signed by that key",
    (vector) => {
      const key = {
        key: { kty: "OKP", crv: "Ed25519", x: base64Of(rootKey) },
        format: "jwk",
      } as const;
      const { statement, signature } = vector;
      expect(verify(null, fromHex(statement), key, fromHex(signature))).toBe(true);
    },
  );
});

describe("statements", () => {
  const anySession = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(toHex);
  const page = fc.record({
    firstChunk: fc.nat(2 ** 24 - 1),
    payload: fc.integer({ min: 1, max: 4 }).chain((count) => {
      return fc.uint8Array({ minLength: 32 * count, maxLength: 32 * count });
    }),
  });
  const seal = fc.record({
    sessionHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    totalBytes: fc.maxSafeNat(),
  });
  const end: fc.Arbitrary<End> = fc.record({
    number: fc.nat(65_535),
    status: fc.constantFrom("complete", "failed"),
    bytes: fc.maxSafeNat(),
    code: fc.string({ maxLength: 8 }),
  });
  const any = fc.oneof(
    fc.tuple(anySession, page).map(([of, fields]) => {
      return { said: JSON.stringify([of, fields]), statement: pageStatement(of, fields) };
    }),
    fc.tuple(anySession, seal).map(([of, fields]) => {
      return { said: JSON.stringify([of, fields]), statement: sealStatement(of, fields) };
    }),
    fc.tuple(anySession, end).map(([of, fields]) => {
      return { said: JSON.stringify([of, fields]), statement: reportStatement(of, fields) };
    }),
    fc.uint8Array({ minLength: 32, maxLength: 32 }).map((key) => {
      return { said: toHex(key), statement: sessionStatement(key) };
    }),
  );

  test("of two things are never the same bytes", () => {
    fc.assert(
      fc.property(any, any, (one, other) => {
        expect(toHex(one.statement) === toHex(other.statement)).toBe(one.said === other.said);
      }),
    );
  });

  test("refuse a session that is no id", () => {
    expect(() => pageStatement("00", { firstChunk: 0, payload: hash(0) })).toThrow(TypeError);
  });
});

function base64Of(hex: string): string {
  return Buffer.from(hex, "hex").toString("base64url");
}
