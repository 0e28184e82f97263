import type { EfficiencyStep, SenderStep } from "@palmtree/relay";
import { describe, expect, test } from "vitest";
import type { SendEvent } from "../../src/send/send-event.js";
import { SessionStory } from "../../src/send/session-story.js";

const session = "00112233445566778899aabbccddeeff";
const [root, one, two] = ["10.0.0.1:4000", "10.0.0.2:4747", "10.0.0.3:4747"] as const;

function progress(number: number, parent: number, chunksHeld: number): SenderStep {
  const address = number === 1 ? one : two;
  return { type: "progress", number, address, parent, chunksHeld, chunkCount: 10 };
}

function ended(address: string, number: number, status: "complete" | "failed"): SenderStep {
  const error = { code: "timed-out", message: "no progress for 30 s" };
  const base = { address, number, status, bytes: 7, seconds: 1.23456 };
  return { type: "peer-ended", result: status === "failed" ? { ...base, error } : base };
}

const scanned: SenderStep = {
  type: "scanned",
  session,
  name: "disk.img",
  files: 1,
  totalBytes: 640,
  chunkCount: 10,
  chunkSizeBytes: 64,
  skipped: [],
};

const numbered: SenderStep = {
  type: "numbered",
  peers: [root, one, two].map((address, number) => ({ number, address })),
};

class Telling {
  readonly events: SendEvent[] = [];
  readonly story = new SessionStory((event) => this.events.push(event));

  take(...steps: readonly SenderStep[]): this {
    for (const step of steps) this.story.take(step);
    return this;
  }

  of<T extends SendEvent["type"]>(type: T): Extract<SendEvent, { type: T }>[] {
    return this.events.filter((event) => event.type === type) as Extract<SendEvent, { type: T }>[];
  }
}

describe("the tree", () => {
  const formed: SenderStep = { type: "tree-formed", peerCount: 3 };

  test("is told once it spans and every place is known", () => {
    const telling = new Telling().take(numbered, progress(1, 0, 0), formed);
    expect(telling.of("tree")).toEqual([]);
    telling.take(progress(2, 1, 0));
    expect(telling.of("tree")).toEqual([
      {
        type: "tree",
        peers: [
          { number: 0, address: root, parent: null },
          { number: 1, address: one, parent: 0 },
          { number: 2, address: two, parent: 1 },
        ],
      },
    ]);
  });

  test("is told without a peer that ended before it had a place", () => {
    const telling = new Telling().take(
      numbered,
      progress(1, 0, 0),
      formed,
      ended(two, 2, "failed"),
    );
    expect(telling.of("tree").map(({ peers }) => peers.length)).toEqual([2]);
  });

  test("is told again when it has changed, and only then", () => {
    const telling = new Telling().take(numbered, formed, progress(1, 0, 0), progress(2, 1, 0));
    telling.story.tick();
    expect(telling.of("tree")).toHaveLength(1);
    telling.take(progress(2, 0, 0));
    telling.story.tick();
    telling.story.tick();
    expect(telling.of("tree").map(({ peers }) => peers[2]?.parent)).toEqual([1, 0]);
  });
});

describe("progress", () => {
  test("is collected, and told at a tick: the peers that got on", () => {
    const telling = new Telling().take(scanned, numbered);
    telling.take(progress(1, 0, 1), progress(1, 0, 2), progress(2, 1, 1));
    expect(telling.of("progress")).toEqual([]);
    telling.story.tick();
    telling.take(progress(2, 1, 5));
    telling.story.tick();
    telling.story.tick();
    expect(telling.of("progress").map(({ peers }) => peers)).toEqual([
      [
        { address: one, chunksHeld: 2 },
        { address: two, chunksHeld: 1 },
      ],
      [{ address: two, chunksHeld: 5 }],
    ]);
    expect(telling.of("progress")[0]?.chunkCount).toBe(10);
  });

  test("of a peer does not follow on its end", () => {
    const telling = new Telling().take(numbered, progress(1, 0, 9), ended(one, 1, "complete"));
    telling.story.tick();
    expect(telling.of("progress")).toEqual([]);
  });
});

describe("the plan", () => {
  test("is told, and who holds others up, by its address", () => {
    const telling = new Telling().take(
      numbered,
      { type: "planned", kind: "double-tree", peerCount: 3 },
      { type: "demoted", number: 2 },
    );
    expect(telling.events).toEqual([
      { type: "plan", plan: "double-tree", peerCount: 3 },
      { type: "demoted", address: two },
    ]);
  });
});

describe("the efficiency", () => {
  const reached: EfficiencyStep = {
    type: "efficiency",
    share: 0.93456,
    limitSeconds: 5.43217,
    bytesPerSecond: 6_250_000,
    bottleneck: 0,
  };
  const told = {
    percent: 93.5,
    limitSeconds: 5.432,
    bytesPerSecond: 6_250_000,
    bottleneck: root,
  };

  test("is told with the next progress, in percent, and whose link the bottleneck is", () => {
    const telling = new Telling().take(scanned, numbered, progress(1, 0, 1));
    telling.story.tick();
    telling.take(reached, { ...reached, bottleneck: 2, share: 0.5 }, progress(1, 0, 2));
    telling.story.tick();
    expect(telling.of("progress").map(({ efficiency }) => efficiency)).toEqual([
      undefined,
      { ...told, percent: 50, bottleneck: two },
    ]);
    expect(telling.of("progress")[0]).not.toHaveProperty("efficiency");
  });

  test("that was reached is in the result, where it is known", () => {
    const result = { session, status: "complete", peers: [], tree: [], totalBytes: 640 } as const;
    const end = { type: "result", ...result, seconds: 2.5 } as const;
    const telling = new Telling().take(scanned, numbered, reached, end);
    telling.take({ ...end, efficiency: { ...reached, share: 1 } });
    expect(telling.of("result")[0]).not.toHaveProperty("efficiency");
    expect(telling.of("result")[1]?.efficiency).toEqual({ ...told, percent: 100 });
  });
});

describe("the end", () => {
  test("of a peer is told with milliseconds, and a reason where it failed", () => {
    const telling = new Telling().take(ended(one, 1, "complete"), ended(two, 2, "failed"));
    expect(telling.events).toEqual([
      { type: "peer-ended", address: one, status: "complete", bytes: 7, seconds: 1.235 },
      {
        type: "peer-ended",
        address: two,
        status: "failed",
        bytes: 7,
        seconds: 1.235,
        error: { code: "timed-out", message: "no progress for 30 s" },
      },
    ]);
  });

  test("of the session is the last event, after a tree that was not told yet", () => {
    const telling = new Telling().take(scanned, numbered, { type: "tree-formed", peerCount: 3 });
    telling.take({
      type: "result",
      session,
      status: "complete",
      peers: [
        { peer: "two", address: one, number: 1, status: "complete", bytes: 640, seconds: 2.00049 },
      ],
      tree: [],
      totalBytes: 640,
      seconds: 2.5,
    });
    expect(telling.events.map(({ type }) => type)).toEqual(["scanned", "tree", "result"]);
    expect(telling.of("result")).toEqual([
      {
        type: "result",
        status: "complete",
        session,
        files: 1,
        bytes: 640,
        seconds: 2.5,
        peers: [{ peer: "two", address: one, status: "complete", bytes: 640, seconds: 2 }],
      },
    ]);
  });

  test("names who was cut off by others, while it runs and in the result", () => {
    const why = { code: "chunk-corrupt", message: "chunk 7 does not have its hash" };
    const accused = { type: "accused", number: 1, address: one, by: two, ...why } as const;
    const complete = { number: 1, status: "complete", bytes: 640, seconds: 2 } as const;
    const blamedBy = { peers: [two], ...why };
    const telling = new Telling().take(scanned, numbered, accused, {
      ...{ type: "result", session, status: "complete", tree: [], totalBytes: 640, seconds: 2.5 },
      peers: [{ peer: "two", address: one, ...complete, blamedBy }],
    });
    expect(telling.events).toContainEqual({ type: "accused", address: one, by: two, ...why });
    expect(telling.of("result")[0]?.peers).toMatchObject([{ address: one, blamedBy }]);
  });

  test("without a session names every listed peer, and keeps what is known of them", () => {
    const telling = new Telling().take(scanned, ended(one, 1, "complete"));
    const error = { code: "aborted", message: "stopped by SIGINT" };
    telling.story.fail(error, { peers: ["10.0.0.2", "node3"], seconds: 1 });
    expect(telling.events.at(-2)).toEqual({ type: "error", ...error });
    expect(telling.events.at(-1)).toEqual({
      type: "result",
      status: "partial",
      session,
      files: 1,
      bytes: 640,
      seconds: 1,
      peers: [
        { peer: "10.0.0.2", address: one, status: "complete", bytes: 7, seconds: 1.235 },
        { peer: "node3", address: "node3", status: "failed", bytes: 0, seconds: 1, error },
      ],
      error,
    });
  });
});

describe("a stream", () => {
  const stream: SenderStep = { ...scanned, totalBytes: undefined, chunkCount: undefined };

  test("has null for what nobody knows before its end, and the numbers from then on", () => {
    const telling = new Telling().take(stream, numbered, progress(1, 0, 4));
    telling.story.tick();
    telling.take({ type: "stream-ended", chunkCount: 10, totalBytes: 640 }, progress(1, 0, 10));
    telling.story.tick();
    expect(telling.of("scanned")).toMatchObject([{ bytes: null, chunkCount: null }]);
    expect(telling.of("progress")).toMatchObject([{ chunkCount: null }, { chunkCount: 10 }]);
    const end = { type: "stream-ended", bytes: 640, chunkCount: 10 };
    expect(telling.of("stream-ended")).toEqual([end]);
  });

  test("that did not end has a result without bytes", () => {
    const telling = new Telling().take(stream);
    telling.story.fail({ code: "aborted", message: "stopped" }, { peers: [one], seconds: 1 });
    expect(telling.of("result")).toMatchObject([{ status: "failed", bytes: null }]);
  });
});
