import type { ChunkRun, Frame } from "@palmtree/wire";
import type { Liar, Lie } from "../lie.js";
import type { Vantage } from "../vantage.js";

/** What becomes of the frames of a kind. */
function saying<T extends Frame["type"]>(
  type: T,
  lie: (frame: Extract<Frame, { readonly type: T }>, vantage: Vantage) => readonly Frame[],
): Liar {
  return {
    onFrame: (frame, vantage) => (isOf(type, frame) ? lie(frame, vantage) : [frame]),
  };
}

function isOf<T extends Frame["type"]>(
  type: T,
  frame: Frame,
): frame is Extract<Frame, { readonly type: T }> {
  return frame.type === type;
}

function without(...types: readonly Frame["type"][]): Liar {
  return { onFrame: (frame) => (types.includes(frame.type) ? [] : [frame]) };
}

/** The first bit is another. */
function flipped(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[0] = (copy[0] ?? 0) ^ 1;
  return copy;
}

function everyThirdChunk(): Liar {
  let count = 0;
  return saying("chunk", (frame) => {
    count += 1;
    return count % 3 === 0 ? [frame] : [];
  });
}

/** Every chunk as it is, and the one before it a second time. */
function chunksTwice(): Liar {
  let before: Frame | undefined;
  return saying("chunk", (frame) => {
    const again = before;
    // The payload's memory is for others once it was sent.
    before = { ...frame, payload: Uint8Array.from(frame.payload) };
    return again === undefined ? [frame] : [frame, again];
  });
}

/** A member that says it has everything, and sends nothing. */
const boaster: Liar = {
  onFrame: (frame, vantage) => {
    if (frame.type === "chunk") return [];
    if (frame.type !== "have") return [frame];
    return [{ ...frame, isIdle: true, runs: everything(vantage) }];
  },
};

/** All chunks of the session. */
function everything({ invite }: Vantage): ChunkRun[] {
  return [{ first: 0, count: invite?.chunkCount ?? 1 }];
}

/** What a report would be that nobody has signed: it is for its reader to notice. */
const unsignedReport = {
  type: "report",
  status: "complete",
  bytes: 0,
  durationMs: 0,
  code: "",
  detail: "",
  links: [],
  publicKey: new Uint8Array(32),
  signature: new Uint8Array(64),
} as const;

/** Lies about what goes over connections. */
export const liesInFrames: readonly Lie[] = [
  { name: "serves-nothing", about: "passes no chunk on", make: () => without("chunk") },
  {
    name: "claims-everything",
    about: "says that it has everything, and passes no chunk on",
    make: () => boaster,
  },
  {
    name: "lacks-nothing",
    about: "says that it has everything from before, so that nothing goes through it",
    make: () => saying("holds", (frame) => [{ ...frame, payload: frame.payload.map(() => 0xff) }]),
  },
  {
    name: "corrupts-chunks",
    about: "changes a bit of every chunk",
    make: () => saying("chunk", (frame) => [{ ...frame, payload: flipped(frame.payload) }]),
  },
  {
    name: "other-content",
    about: "sends chunks of another session",
    make: () => saying("chunk", (frame) => [{ ...frame, payload: frame.payload.map(() => 7) }]),
  },
  {
    name: "makes-hashes-up",
    about: "changes a bit of every hash page",
    make: () => saying("hashes", (frame) => [{ ...frame, payload: flipped(frame.payload) }]),
  },
  {
    name: "makes-seal-up",
    about: "changes a bit of the seal",
    make: () => saying("seal", (frame) => [{ ...frame, sessionHash: flipped(frame.sessionHash) }]),
  },
  { name: "every-third-chunk", about: "passes one of three chunks on", make: everyThirdChunk },
  {
    name: "refuses-chunks",
    about: "refuses every chunk instead of sending it",
    make: () => saying("chunk", ({ index }) => [{ type: "refuse", index, reason: "busy" }]),
  },
  {
    name: "no-manifest",
    about: "passes neither the manifest nor a chunk on",
    make: () => without("manifest", "chunk"),
  },
  { name: "no-seal", about: "passes no seal on", make: () => without("seal") },
  {
    name: "no-progress",
    about: "passes no progress and no report up",
    make: () => without("progress", "report"),
  },
  {
    name: "ends-others",
    about: "says of all others that they are complete",
    make: () =>
      saying("progress", (frame, { peers }) => [
        frame,
        ...peers.map(({ number }) => ({ ...unsignedReport, number })),
      ]),
  },
  {
    name: "finishes-parent",
    about: "says to its parent what only a parent may say",
    make: () => saying("progress", (frame) => [frame, { type: "finish" }]),
  },
  {
    name: "unasked-chunks",
    about: "sends every chunk, and once more when nobody can want it any more",
    make: chunksTwice,
  },
];
