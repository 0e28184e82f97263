import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { SigningKey, sessionIdOf } from "@palmtree/transport";
import { fromHex } from "@palmtree/wire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Place } from "./place.js";
import { type Tamper, tamperedTransport } from "./tampered-transport.js";

const chunk = 65_536;
let place: Place;

beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.clear());

/** The first relay that passes chunk 0 on passes on another, with the hash that this one has. */
function forgingOnce(): Tamper & { readonly count: number } {
  const forged = new Uint8Array(chunk).fill(7);
  let count = 0;
  let chunks = 0;
  const tamper: Tamper = (frame) => {
    if (frame.type === "chunk" && frame.index === 0 && count > chunks) {
      chunks += 1;
      return { ...frame, payload: forged };
    }
    if (frame.type !== "hashes" || frame.firstChunk !== 0 || count > 0) return frame;
    count += 1;
    const payload = Uint8Array.from(frame.payload);
    payload.set(createHash("sha256").update(forged).digest());
    return { ...frame, payload };
  };
  return Object.defineProperty(tamper, "count", { get: () => count }) as Tamper & {
    readonly count: number;
  };
}

describe("a relay that makes content up, with the hashes that it has", () => {
  test("is cut off and named before anything of that is kept, and the others get what the root sent", async () => {
    await place.write({ "out/a": 40 * chunk });
    const forging = forgingOnce();
    const receiving = await place.receiveMany(3, {
      peerOptions: { blameMs: 50, orphanRetryMs: 20, orphanAfterMs: 50 },
      openTransport: tamperedTransport(forging),
    });
    const order = { fanout: 1, strategy: "tree" } as const;
    const { result } = await place.send(["out/a"], receiving, order);
    expect(forging.count).toBe(1);
    expect(result.status).toBe("complete");
    const blamed = receiving.flatMap(({ steps }) => steps.filter(({ type }) => type === "blamed"));
    expect(blamed).toMatchObject([
      { code: "protocol-violation", message: "hashes at chunk 0 that the root has not signed" },
    ]);
    expect(blamed).not.toMatchObject([{ number: 0 }]);
    const named = result.peers.filter(({ blamedBy }) => blamedBy !== undefined);
    expect(named).toMatchObject([{ number: (blamed[0] as { number: number }).number }]);
    expect(named[0]?.blamedBy).toMatchObject({ code: "protocol-violation" });
    expect(named[0]?.blamedBy?.peers).toHaveLength(1);
    for (const name of ["in-1", "in-2", "in-3"])
      expect(await place.contentOf(name)).toEqual(await place.contentOf("out"));
  });
});

describe("the id of a session", () => {
  test("is the one of the vectors, and another for every key", () => {
    const url = new URL("../../../../docs/vectors/statements.json", import.meta.url);
    const { rootKey, session } = JSON.parse(readFileSync(url, "utf8"));
    expect(sessionIdOf(fromHex(rootKey))).toBe(session.id);
    expect(sessionIdOf(SigningKey.draw().publicKey)).not.toBe(session.id);
  });
});
