import {
  checkRefusal,
  type Draw,
  type FuzzTarget,
  keptAsText,
  mutateText,
  promise,
} from "@palmtree/wire/fuzz";
import { callOf, serverNameOf } from "../../src/security/call.js";
import { GroupKey } from "../../src/security/group-key.js";

const keys = [1, 2, 0xff].map((byte) => new GroupKey(new Uint8Array(32).fill(byte)).format());
const keyParts = [
  "palmtree-key-1-",
  "palmtree-key-2-",
  "-",
  "_",
  "=",
  "A",
  " ",
  "\n",
  "\u001b[2J",
  "é",
];

/** `GroupKey.parse`. */
export const groupKeyTarget: FuzzTarget<string> = {
  name: "group-key",
  promise:
    "GroupKey.parse throws key-invalid or nothing, never tells the key, and takes only what format writes",
  mostMs: 100,
  draw: (draw: Draw) => {
    const key = draw.pick(keys);
    if (draw.chance(0.2)) return `${draw.pick(["", " ", "\n"])}${key}${draw.pick(["", "\r\n"])}`;
    return mutateText(key, keyParts, draw);
  },
  check: (text) => {
    let key: GroupKey;
    try {
      key = GroupKey.parse(text);
    } catch (error) {
      checkRefusal(error, "key-invalid");
      const said = (error as Error).message;
      const secrets = text.match(/[\w-]{16,}/g) ?? [];
      const isTold = secrets.some(
        (part) => !part.startsWith("palmtree-key") && said.includes(part),
      );
      promise(!isTold, "the message tells of the key");
      return "refused";
    }
    promise(key.format() === text.trim(), "two ways to write one key");
    return "accepted";
  },
  ...keptAsText,
};

/** `callOf`: what TLS says of a connection before anybody is known. */
export const callTarget: FuzzTarget<string> = {
  name: "call",
  promise: "callOf never throws, and takes only what serverNameOf writes",
  mostMs: 100,
  draw: (draw) => {
    const name = serverNameOf(
      { session: "0".repeat(32), peer: "", token: "1".repeat(16) },
      "a".repeat(16),
    );
    return draw.chance(0.3) ? name : mutateText(name, [".", "0", "g", "A", "\u0000", "xn--"], draw);
  },
  check: (text) => {
    const call = callOf(text);
    if (call === undefined) return "refused";
    promise(serverNameOf(call, call.peer) === text, "another name");
    return "accepted";
  },
  ...keptAsText,
};
