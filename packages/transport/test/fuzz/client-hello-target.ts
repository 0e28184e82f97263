import { fromHex, toHex } from "@palmtree/wire";
import { type Draw, type FuzzTarget, joined, mutateBytes, promise } from "@palmtree/wire/fuzz";
import { callOf, serverNameOf } from "../../src/security/call.js";
import { mostHelloBytes, readClientHello } from "../../src/security/client-hello.js";

const name = serverNameOf(
  { session: "0".repeat(32), peer: "", token: "1".repeat(16) },
  "a".repeat(16),
);

/** `readClientHello`: what strangers say before TLS is asked. */
export const clientHelloTarget: FuzzTarget<Uint8Array> = {
  name: "client-hello",
  promise:
    "readClientHello never throws, never asks for more than it looks at, and what more comes changes nothing",
  mostMs: 100,
  draw: (draw) => {
    const hello = drawHello(draw);
    return draw.chance(0.3) ? hello : mutateBytes(hello, drawHello(draw), draw);
  },
  check: (bytes) => {
    const hello = readClientHello(bytes);
    if (hello === undefined) {
      promise(bytes.length < mostHelloBytes, "more is asked for than is looked at");
      return "refused";
    }
    const more = readClientHello(joined(bytes, Uint8Array.of(22, 0, 255)));
    promise(more?.serverName === hello.serverName, "what comes behind changes whom it wants");
    return callOf(hello.serverName ?? "") === undefined ? "refused" : "accepted";
  },
  write: toHex,
  read: (kept) => fromHex(kept as string),
};

/** A client's first message, with the name where it may stand. */
function drawHello(draw: Draw): Uint8Array {
  const text = Uint8Array.from(name, (letter) => letter.charCodeAt(0));
  const names = prefixed(2, joined(Uint8Array.of(draw.chance(0.9) ? 0 : 1), prefixed(2, text)));
  const others = [extension(43, 3), extension(51, draw.integer(0, 40)), extension(16, 12)];
  const place = draw.integer(0, others.length);
  others.splice(place, 0, joined(Uint8Array.of(0, 0), prefixed(2, names)));
  const body = joined(
    new Uint8Array(34),
    prefixed(1, new Uint8Array(draw.pick([0, 32]))),
    prefixed(2, new Uint8Array(2 * draw.integer(1, 4))),
    prefixed(1, new Uint8Array(1)),
    prefixed(2, joined(...others)),
  );
  const message = joined(Uint8Array.of(1), prefixed(3, body));
  return joined(Uint8Array.of(22, 3, 1), prefixed(2, message));
}

function extension(type: number, length: number): Uint8Array {
  return joined(Uint8Array.of(0, type), prefixed(2, new Uint8Array(length)));
}

/** The bytes behind their length, a number of so many bytes. */
function prefixed(count: number, bytes: Uint8Array): Uint8Array {
  const length = Array.from({ length: count }, (_, at) => bytes.length >> (8 * (count - 1 - at)));
  return joined(Uint8Array.from(length), bytes);
}
