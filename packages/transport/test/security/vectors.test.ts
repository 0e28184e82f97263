/**
 * docs/vectors/sealed.json, which is written anew by
 *
 *     UPDATE_VECTORS=1 pnpm exec vitest run packages/transport/test/security/vectors.test.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Datagram, fromHex, nobody, toHex } from "@palmtree/wire";
import { expect, test } from "vitest";
import { GroupGuard } from "../../src/security/group-guard.js";
import { GroupKey } from "../../src/security/group-key.js";
import { Identity, sessionIdOf } from "../../src/security/identity.js";
import { SigningKey } from "../../src/security/signing-key.js";

const path = fileURLToPath(new URL("../../../../docs/vectors/sealed.json", import.meta.url));

const seed = (first: number, length = 32): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (first + at) & 255);

const groupKey = seed(0);
const [rootKey, peerKey] = [seed(32), seed(64)];
const root = Identity.of(SigningKey.of(rootKey));
const peer = Identity.of(SigningKey.of(peerKey));
const session = sessionIdOf(root.key.publicKey);

interface Said {
  readonly name: string;
  readonly privateKey: Uint8Array;
  readonly datagram: Datagram;
}

const said: readonly Said[] = [
  {
    name: "ping of the root",
    privateKey: rootKey,
    datagram: {
      session,
      sender: root.idIn(session),
      receiver: peer.idIn(session),
      counter: 7,
      message: { type: "ping", pulse: 300 },
    },
  },
  {
    name: "leave of a peer, the largest counter",
    privateKey: peerKey,
    datagram: {
      session,
      sender: peer.idIn(session),
      receiver: root.idIn(session),
      counter: 2 ** 32 - 1,
      message: { type: "leave", code: "disk-full", detail: "Gerät voll 🌴" },
    },
  },
  {
    name: "tree-check to nobody, which is to be dropped",
    privateKey: rootKey,
    datagram: {
      session,
      sender: root.idIn(session),
      receiver: nobody,
      counter: 8,
      message: { type: "tree-check", pulse: 1, depth: 0 },
    },
  },
];

const vectors = said.map(({ name, privateKey, datagram }) => {
  const identity = Identity.of(SigningKey.of(privateKey));
  const key = new GroupKey(groupKey);
  return {
    name,
    groupKey: toHex(groupKey),
    groupKeyText: key.format(),
    privateKey: toHex(privateKey),
    publicKey: toHex(identity.key.publicKey),
    sender: identity.idIn(session),
    sealingKey: toHex(key.sealingKey(session)),
    datagram,
    hex: toHex(new GroupGuard(identity, [key]).wrap(datagram)),
  };
});

test("docs/vectors/sealed.json has what is sealed here, to the byte", () => {
  if (process.env.UPDATE_VECTORS === "1") {
    const lines = vectors.map((vector) => `  ${JSON.stringify(vector)}`);
    writeFileSync(path, `[\n${lines.join(",\n")}\n]\n`);
  }
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(vectors);
});

test.each(vectors)("$name opens to its datagram", ({ name, groupKey: text, datagram, hex }) => {
  const receiver = name.startsWith("leave") ? root : peer;
  const guard = new GroupGuard(receiver, [new GroupKey(fromHex(text))]);
  const isDropped = name.includes("dropped");
  expect(guard.unwrap(fromHex(hex), "192.0.2.1:4747")).toEqual(isDropped ? undefined : datagram);
});
