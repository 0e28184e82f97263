import { randomBytes, randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { GroupKey, Identity, openTransport } from "@palmtree/transport";
import { type Datagram, encodeDatagram, nobody } from "@palmtree/wire";

/** How many there are of each kind. */
const ofEach = 128;

/** Invitations that somebody has captured: of so many sessions. */
const capturedCount = 4;

/** Of what is no datagram. Longer ones take more of a link, which no program can give back. */
const mostRandomBytes = 64;

/**
 * Envelope and content, where sealed with key, signature and tag: what is shorter is dropped at a glance. Of what is
 * sealed the key of its session is made, and its seal is tried, which costs most.
 */
const leastBytes = { none: 42, group: 154 } as const;
const mostMoreBytes = 8;

/** Where they stand in an envelope. */
const senderAt = 20;
const receiverAt = 28;

/**
 * What a stranger can say, as many of each kind: bytes that are nothing, well-formed envelopes of
 * sessions that nobody knows, invitations without a key, of another group, and of the group under
 * another sender's name; and if `captured` is given, invitations of that group as somebody who
 * listened can repeat them.
 */
export async function makeJunk(captured: readonly GroupKey[]): Promise<readonly Buffer[]> {
  const strange = await invitationsOf([GroupKey.draw()]);
  const kinds: ((at: number) => Buffer)[] = [
    () => randomBytes(randomInt(1, mostRandomBytes + 1)),
    () => headed("none"),
    () => headed("group"),
    () => addressed(headed("group")),
    () => Buffer.from(encodeDatagram(invitation(Identity.draw()))),
    (at) => strange[at % strange.length] as Buffer,
  ];
  if (captured.length > 0) {
    const real = await invitationsOf(captured);
    kinds.push(
      (at) => real[at % real.length] as Buffer,
      (at) => spoofed(real[at % real.length] as Buffer),
    );
  }
  // One of each kind after the other.
  return Array.from({ length: ofEach }, (_, at) => kinds.map((make) => make(at))).flat();
}

/** An envelope with random ids, and as random a content. */
function headed(protection: "none" | "group"): Buffer {
  const bytes = randomBytes(leastBytes[protection] + randomInt(0, mostMoreBytes + 1));
  bytes.set([0x50, 0x54, 1, protection === "group" ? 1 : 0]);
  return bytes;
}

/** The same to nobody in particular, as an invitation is. */
function addressed(bytes: Buffer): Buffer {
  bytes.fill(0, receiverAt, receiverAt + 8);
  return bytes;
}

function spoofed(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.set(randomBytes(receiverAt - senderAt), senderAt);
  return copy;
}

function invitation(identity: Identity): Datagram {
  const { session } = identity;
  return {
    session,
    sender: identity.idIn(session),
    receiver: nobody,
    counter: 1,
    message: {
      type: "invite",
      name: "junk",
      totalBytes: 1,
      entryCount: 1,
      chunkCount: 1,
      chunkSizeBytes: 16_384,
      isStream: false,
      strategy: "pipeline",
      fanout: 4,
      timeoutMs: 30_000,
      manifestBytes: 10,
      manifestHash: new Uint8Array(32),
      rootKey: identity.key.publicKey,
      cookie: new Uint8Array(16),
    },
  };
}

/** What roots of that group say first, as it is on the way. */
async function invitationsOf(keys: readonly GroupKey[]): Promise<readonly Buffer[]> {
  const ear = createSocket("udp4").bind(0, "127.0.0.1");
  await once(ear, "listening");
  const heard: Buffer[] = [];
  try {
    for (let count = 0; count < capturedCount; count += 1) {
      const identity = Identity.draw();
      const handlers = { onDatagram: () => undefined, onConnection: () => undefined };
      await using root = await openTransport({ host: "127.0.0.1", identity, keys, handlers });
      const hearing = once(ear, "message");
      root.send(`127.0.0.1:${ear.address().port}`, invitation(identity));
      const [bytes] = (await hearing) as [Buffer];
      heard.push(bytes);
    }
  } finally {
    ear.close();
  }
  return heard;
}
