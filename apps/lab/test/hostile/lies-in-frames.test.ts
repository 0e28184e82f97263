import type { Frame } from "@palmtree/wire";
import { describe, expect, test } from "vitest";
import { liesInFrames } from "../../src/hostile/lies/in-frames.js";
import { honesty, lieNamed } from "../../src/hostile/lies.js";
import { Rig } from "./rig.js";

const signature = new Uint8Array(64).fill(3);
const hash = new Uint8Array(32).fill(4);
const bytes = (value: number): Uint8Array => new Uint8Array(1_024).fill(value);
const chunk = (index: number): Extract<Frame, { readonly type: "chunk" }> => ({
  type: "chunk",
  index,
  payload: bytes(index + 1),
});

/** One frame of each kind that a lie may be about, and three chunks. */
const said = {
  manifest: { type: "manifest", offset: 0, payload: hash },
  hashes: { type: "hashes", firstChunk: 0, signature, payload: new Uint8Array(96).fill(4) },
  chunk: chunk(0),
  second: chunk(1),
  third: chunk(2),
  have: { type: "have", isIdle: false, runs: [{ first: 1, count: 1 }] },
  holds: { type: "holds", stripeCount: 1, stripes: [0], payload: Uint8Array.of(0b101) },
  seal: { type: "seal", sessionHash: hash, totalBytes: 3_072, signature },
  progress: { type: "progress", entries: [{ number: 1, parent: 0, chunksHeld: 2 }] },
  report: {
    type: "report",
    number: 1,
    status: "complete",
    bytes: 3_072,
    durationMs: 1,
    code: "",
    detail: "",
    links: [],
    publicKey: hash,
    signature,
  },
} as const satisfies Record<string, Frame>;

const firstBitFlipped = (array: Uint8Array): Uint8Array => array.with(0, (array[0] ?? 0) ^ 1);

/** By lie: what leaves instead of some of them; the rest leaves as it is. */
const expected: Readonly<Record<string, Partial<Record<keyof typeof said, readonly unknown[]>>>> = {
  honest: {},
  "serves-nothing": { chunk: [], second: [], third: [] },
  "claims-everything": {
    chunk: [],
    second: [],
    third: [],
    have: [{ type: "have", isIdle: true, runs: [{ first: 0, count: 3 }] }],
  },
  "lacks-nothing": { holds: [{ ...said.holds, payload: Uint8Array.of(0xff) }] },
  "corrupts-chunks": Object.fromEntries(
    (["chunk", "second", "third"] as const).map((name) => [
      name,
      [{ ...said[name], payload: firstBitFlipped(said[name].payload) }],
    ]),
  ),
  "other-content": Object.fromEntries(
    (["chunk", "second", "third"] as const).map((name) => [
      name,
      [{ ...said[name], payload: bytes(7) }],
    ]),
  ),
  "makes-hashes-up": {
    hashes: [{ ...said.hashes, payload: firstBitFlipped(said.hashes.payload) }],
  },
  "makes-seal-up": { seal: [{ ...said.seal, sessionHash: firstBitFlipped(hash) }] },
  "every-third-chunk": { chunk: [], second: [] },
  "refuses-chunks": {
    chunk: [{ type: "refuse", index: 0, reason: "busy" }],
    second: [{ type: "refuse", index: 1, reason: "busy" }],
    third: [{ type: "refuse", index: 2, reason: "busy" }],
  },
  "no-manifest": { manifest: [], chunk: [], second: [], third: [] },
  "no-seal": { seal: [] },
  "no-progress": { progress: [], report: [] },
  "ends-others": {
    progress: [
      said.progress,
      expect.objectContaining({ type: "report", number: 0, status: "complete" }),
      expect.objectContaining({ type: "report", number: 2, status: "complete" }),
    ],
  },
  "finishes-parent": { progress: [said.progress, { type: "finish" }] },
  "unasked-chunks": { second: [said.second, said.chunk], third: [said.third, said.second] },
};

const names = Object.keys(said) as (keyof typeof said)[];

describe("over a connection, a member that", () => {
  const lies = [honesty, ...liesInFrames].map(({ name, about }) => [about, name] as const);
  test.each(lies)("%s, does that and nothing else", async (_, name) => {
    const rig = await Rig.open(lieNamed(name).make());
    const sent = await rig.send(...Object.values(said));
    const instead = expected[name];
    expect(instead).toBeDefined();
    expect(rig.frames).toEqual(names.flatMap((kind) => instead?.[kind] ?? [said[kind]]));
    // Its own machine, which is honest, notices nothing.
    expect(sent).toBe(names.length);
    await rig.close();
  });
});
