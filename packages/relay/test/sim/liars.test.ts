import type { Frame } from "@palmtree/wire";
import { describe, expect, test } from "vitest";
import type { Effect } from "../../src/core/effect.js";
import { simulate } from "../../src/sim/index.js";
import type { Lie, Scenario } from "../../src/sim/scenario.js";

/** One dishonest member among eight, 16 MiB over links of 100 Mbit/s: what becomes of the others. */

const chunkCount = 256;
const link = { uplinkBytesPerSecond: 12_500_000, downlinkBytesPerSecond: 12_500_000 };
const scenario = {
  seed: 7,
  peerCount: 9,
  chunkCount,
  chunkSizeBytes: 65_536,
  areChunksEqual: true,
  fanout: 2,
  links: link,
} as const;

function sayingFrames(lie: (frame: Frame) => readonly Frame[]): Lie {
  return (effect) => {
    if (effect.type !== "send-frame") return [effect];
    return lie(effect.frame).map((frame) => ({ ...effect, frame }));
  };
}

function sayingDatagrams(
  lie: (said: Extract<Effect, { type: "send-datagram" }>) => readonly Effect[],
): Lie {
  return (effect) => (effect.type === "send-datagram" ? lie(effect) : [effect]);
}

function flipped(payload: Uint8Array): Uint8Array {
  return payload.map((byte, at) => (at === 0 ? byte ^ 1 : byte));
}

function without(...types: readonly Frame["type"][]): Lie {
  return sayingFrames((frame) => (types.includes(frame.type) ? [] : [frame]));
}

const everything = [{ first: 0, count: chunkCount }];

/** By what the member does; `mostMs` more than without it the others may take. */
const lies: Readonly<Record<string, { readonly lie: Lie; readonly mostMs: number }>> = {
  // In a tree it is left after 6 s, and a neighbour that also hung below it 12 s later.
  "serves nothing": { lie: without("chunk"), mostMs: 20_000 },
  "says that it has everything, and serves nothing": {
    lie: sayingFrames((frame) => {
      if (frame.type === "have") return [{ ...frame, isIdle: true, runs: everything }];
      return frame.type === "chunk" ? [] : [frame];
    }),
    mostMs: 20_000,
  },
  "says that it lacks nothing, so that nothing goes through it": {
    lie: sayingFrames((frame) =>
      frame.type === "holds" ? [{ ...frame, payload: frame.payload.map(() => 255) }] : [frame],
    ),
    mostMs: 6_000,
  },
  "corrupts every chunk": {
    lie: sayingFrames((frame) =>
      frame.type === "chunk" ? [{ ...frame, payload: flipped(frame.payload) }] : [frame],
    ),
    mostMs: 1_500,
  },
  "makes hash pages up": {
    lie: sayingFrames((frame) =>
      frame.type === "hashes" ? [{ ...frame, payload: flipped(frame.payload) }] : [frame],
    ),
    mostMs: 1_500,
  },
  "makes a seal up": {
    lie: sayingFrames((frame) =>
      frame.type === "seal" ? [{ ...frame, sessionHash: flipped(frame.sessionHash) }] : [frame],
    ),
    mostMs: 3_000,
  },
  "passes no manifest on": { lie: without("manifest", "chunk"), mostMs: 20_000 },
  "passes no seal on": { lie: without("seal"), mostMs: 8_000 },
  "passes no progress and no report up": { lie: without("progress", "report"), mostMs: 500 },
  "wants everything again and again, and sends what was not asked for": {
    lie: sayingFrames((frame) => {
      if (frame.type !== "alive" && frame.type !== "have") return [frame];
      return [frame, { type: "want", runs: everything }];
    }),
    mostMs: 1_500,
  },
  // Whoever it says so to bars it. When it could come straight back, the session never ended. Those below it
  // get no seal until it lets them go, after eight rounds of asking in vain.
  "says to its parent, whichever that is, what only a parent may say": {
    lie: sayingFrames((frame) =>
      frame.type === "progress" ? [frame, { type: "finish" }] : [frame],
    ),
    mostMs: 8_000,
  },
  "tells a pulse that the root will never reach": {
    lie: sayingDatagrams((said) => {
      const { message } = said;
      if (message.type !== "ping" && message.type !== "tree-check") return [said];
      return [{ ...said, message: { ...message, pulse: 2 ** 32 - 1 } }];
    }),
    mostMs: 500,
  },
  "blames its neighbours for what they did not do": {
    lie: sayingDatagrams((said) => {
      if (said.message.type !== "probe-ack" && said.message.type !== "pong") return [said];
      const blame = { type: "blame", code: "chunk-corrupt", detail: "" } as const;
      const accused = [1, 2, 3, 4, 5, 6, 7, 8];
      return [
        said,
        ...accused.map((number) => ({ ...said, to: root, message: { ...blame, number } })),
      ];
    }),
    mostMs: 1_500,
  },
};

const root = "10.0.0.0:4747";

describe.each(["pipeline", "tree"] as const)("in a %s, a member that", (strategy) => {
  const honestMs = finish({ ...scenario, strategy }, undefined);

  test.each(Object.entries(lies))(
    "%s, keeps nobody from getting it whole",
    (_, { lie, mostMs }) => {
      for (const liar of [1, 3]) {
        const liars = new Map([[liar, lie]]);
        expect(finish({ ...scenario, strategy, liars }, liar)).toBeLessThan(honestMs + mostMs);
      }
    },
  );
});

/** When the last honest receiver had all; each of them is complete, for the root too. */
function finish(of: Scenario, liar: number | undefined): number {
  const { finishedMs, results } = simulate(of);
  const honest = finishedMs.filter((_, host) => host > 0 && host !== liar);
  expect(honest).not.toContain(undefined);
  const liarAt = `10.0.0.${liar}:4747`;
  const failed = results.filter(
    ({ address, status }) => status !== "complete" && address !== liarAt,
  );
  expect(failed).toEqual([]);
  return Math.max(...honest.map((at) => at ?? Number.POSITIVE_INFINITY));
}
