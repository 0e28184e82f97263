import { createCipheriv } from "node:crypto";
import {
  type Datagram,
  encodeEnvelope,
  envelopeBytes,
  fromHex,
  signatureBytes,
  toHex,
} from "@palmtree/wire";
import {
  checkRefusal,
  type Draw,
  drawPacket,
  type FuzzTarget,
  joined,
  mutateBytes,
  promise,
} from "@palmtree/wire/fuzz";
import { GroupGuard } from "../../src/security/group-guard.js";
import { GroupKey } from "../../src/security/group-key.js";
import { Identity, peerIdOf } from "../../src/security/identity.js";

/** A datagram that is said to be sealed. */
interface SealedInput {
  readonly bytes: Uint8Array;
  /** Whoever made it had the group's key. Without it nothing may be accepted. */
  readonly isOfGroup: boolean;
}

const session = "0f0e0d0c0b0a09080706050403020100";
const group = new GroupKey(new Uint8Array(32).fill(7));
const stranger = new GroupKey(new Uint8Array(32).fill(8));
// Keys cannot be chosen: a seed repeats what is wrong with a datagram, not its every byte.
const self = Identity.draw();
const member = Identity.draw();
/** Of a member that has said more than some hundreds at once nothing is read any more (`TalkLimit`). */
const casesOfGuard = 200;
let guard = makeGuard();
let checkedCount = 0;
let counter = 0;

/** It has that session's key from the beginning. */
function makeGuard(): GroupGuard {
  const made = new GroupGuard(self, [group]);
  made.wrap({
    session,
    sender: self.idIn(session),
    receiver: member.idIn(session),
    counter: 1,
    message: { type: "join" },
  });
  return made;
}

/** `GroupGuard.unwrap`. */
export const sealedTarget: FuzzTarget<SealedInput> = {
  name: "sealed",
  promise:
    "GroupGuard.unwrap throws datagram-malformed or nothing, and accepts nothing that no member of the group has sent to it, and nothing twice",
  mostMs: 100,
  draw: drawSealed,
  check: ({ bytes, isOfGroup }) => {
    checkedCount += 1;
    if (checkedCount % casesOfGuard === 0) guard = makeGuard();
    let datagram: Datagram | undefined;
    try {
      datagram = guard.unwrap(bytes, "192.0.2.1:4747");
    } catch (error) {
      checkRefusal(error, "datagram-malformed", "remote");
      return "refused";
    }
    if (datagram === undefined) return "refused";
    promise(isOfGroup, "it was accepted from somebody without the key");
    const { sender, receiver } = datagram;
    promise(sender === member.idIn(session), () => `accepted in the name of ${sender}`);
    const again =
      receiver === self.idIn(session) ? guard.unwrap(bytes, "192.0.2.1:4747") : undefined;
    promise(again === undefined, "it was accepted twice");
    return "accepted";
  },
  write: ({ bytes, ...rest }) => ({ hex: toHex(bytes), ...rest }),
  read: (kept) => {
    const { hex, isOfGroup } = kept as { hex: string; isOfGroup: boolean };
    return { bytes: fromHex(hex), isOfGroup };
  },
};

function drawSealed(draw: Draw): SealedInput {
  const message = drawPacket(draw).bytes.subarray(envelopeBytes);
  const isOfGroup = draw.chance(0.9);
  counter = (counter + 1) % 2 ** 32;
  const envelope = encodeEnvelope({
    protection: "group",
    session,
    // Now and then in somebody else's name.
    sender: draw.chance(0.95) ? member.idIn(session) : toHex(draw.bytes(8)),
    receiver: draw.chance(0.9) ? self.idIn(session) : toHex(draw.bytes(8)),
    counter: Math.max(1, counter),
  });
  const sealed = seal(envelope, message, { key: isOfGroup ? group : stranger, draw });
  if (draw.chance(0.6)) return { bytes: sealed, isOfGroup };
  // Any change has to be noticed: but one that changes nothing.
  const changed = mutateBytes(sealed, sealed, draw);
  return { bytes: changed, isOfGroup: isOfGroup && Buffer.compare(changed, sealed) === 0 };
}

function seal(
  envelope: Uint8Array,
  message: Uint8Array,
  { key, draw }: { readonly key: GroupKey; readonly draw: Draw },
): Uint8Array {
  const domain = new TextEncoder().encode("palmtree datagram 1");
  const signature = draw.chance(0.9)
    ? member.key.sign(joined(domain, envelope, message))
    : draw.bytes(signatureBytes);
  let content = joined(signature, member.key.publicKey, message);
  if (draw.chance(0.1)) content = mutateBytes(content, content, draw);
  const nonce = joined(envelope.subarray(20, 28), envelope.subarray(36, 40));
  const sealing = createCipheriv("aes-256-gcm", key.sealingKey(session), nonce);
  sealing.setAAD(envelope);
  const sealed = joined(sealing.update(content), sealing.final());
  return joined(envelope, sealed, sealing.getAuthTag());
}

// The sender's id follows from its key; else nothing here would ever be accepted.
promise(peerIdOf(session, member.key.publicKey) === member.idIn(session), "ids do not follow");
