import type { Want } from "@palmtree/wire";
import { beforeEach, describe, expect, test } from "vitest";
import type { Effect } from "../../src/core/effect.js";
import type { ConnectionId } from "../../src/core/event.js";
import { Intake } from "../../src/core/transfer/intake.js";
import { everyChunk, noChunk, type Stripes } from "../../src/core/transfer/stripes.js";
import { Bench } from "./bench.js";
import {
  bitmap,
  framesIn,
  indexesIn,
  makeSizes,
  only,
  pageOf,
  payloadOf,
  range,
  session,
  signedPage,
  signedSeal,
} from "./parts.js";

const chunkCount = 100;
const sizes = makeSizes(chunkCount, 1_024, 10);
const sessionHash = new Uint8Array(32).fill(5);

let bench: Bench;
let intake: Intake;
let parent: ConnectionId;

/** A peer below peer 1 that finds chunks on its disk when its manifest is open. */
function open(leftovers: readonly number[], stripes: Stripes = everyChunk): readonly Effect[] {
  bench = new Bench({
    options: { wantAfterMs: 1_000, aliveIntervalMs: 1e9, silentAfterMs: 1e9 },
  });
  const totalBytes = 1_024 * (chunkCount - 1) + 10;
  const promised = {
    session,
    chunkCount,
    chunkSizeBytes: 1_024,
    totalBytes,
    strategy: "pipeline" as const,
    manifestBytes: 1,
  };
  intake = new Intake(bench.context, promised, () => undefined);
  parent = bench.joinUnder(1);
  intake.setInlet(1, parent, stripes);
  intake.onManifestPart(0, new Uint8Array(1));
  bench.context.takeEffects();
  return bench.do(() => {
    intake.onManifestOpened(sizes, bitmap(chunkCount, ...leftovers));
  });
}

/** The page that begins with that chunk comes. */
function page(first: number): readonly Effect[] {
  const end = Math.min(chunkCount, first + 32);
  return bench.do(() =>
    expect(intake.onHashes(signedPage(first, pageOf(first, end)))).toBeUndefined(),
  );
}

function checked(index: number, isIntact: boolean): readonly Effect[] {
  return bench.do(() => intake.onLeftoverChecked(index, isIntact));
}

function checksIn(effects: readonly Effect[]): number[] {
  return only(effects, "check-leftover").map(({ index }) => index);
}

function wantsIn(effects: readonly Effect[], connection: ConnectionId = parent): number[][] {
  return framesIn(effects, connection)
    .filter((frame): frame is Want => frame.type === "want")
    .map(({ runs }) => indexesIn(runs));
}

function heldFacts(): number[] {
  return bench.facts.flatMap((fact) => (fact.type === "chunk-held" ? [fact.index] : []));
}

beforeEach(() => open([]));

describe("what is on a disk from before", () => {
  test("is claimed at once, and held by no means", () => {
    const effects = open([0, 1, 40]);
    expect(framesIn(effects, parent)).toEqual([
      {
        type: "holds",
        stripeCount: 1,
        stripes: [0],
        payload: bitmap(chunkCount, 0, 1, 40).toBytes(),
      },
    ]);
    expect(only(effects, "check-leftover")).toEqual([]);
    expect(intake.content?.held.count).toBe(0);
    expect(intake.tally.bytes).toBe(0);
  });

  test("is compared with its hashes once their page is here, and with those of the page", () => {
    open([0, 1, 40]);
    const effects = page(0);
    expect(only(effects, "check-leftover")).toEqual([
      { type: "check-leftover", index: 0, hash: pageOf(0, 1) },
      { type: "check-leftover", index: 1, hash: pageOf(1, 2) },
    ]);
    expect(checksIn(page(0))).toEqual([]);
    expect(checksIn(page(32))).toEqual([40]);
  });

  test("is held when it is what it should be, without being stored again", () => {
    open([0, 1, 40]);
    page(0);
    const effects = checked(1, true);
    expect(heldFacts()).toEqual([1]);
    expect(only(effects, "store-chunk", "verify-chunk")).toEqual([]);
    expect(intake.tally).toMatchObject({ bytes: 1_024, resumedBytes: 1_024, duplicates: 0 });
  });

  test("is asked for at once of who feeds its stripe, when it is something else", () => {
    open([0, 1, 40]);
    intake.removeInlet(parent);
    intake.setInlet(2, 20, { count: 2, wanted: [0] });
    intake.setInlet(3, 30, { count: 2, wanted: [1] });
    page(0);
    const effects = checked(1, false);
    expect(wantsIn(effects, 20)).toEqual([]);
    expect(wantsIn(effects, 30)).toEqual([[1]]);
    expect(heldFacts()).toEqual([]);
    // It is claimed no more, and is taken in when it comes.
    const again = bench.do(() => intake.onChunk(30, 1, payloadOf(1, sizes)));
    expect(only(again, "verify-chunk").map(({ index }) => index)).toEqual([1]);
  });

  test("is said to lack what turned out to be something else when nobody feeds it yet", () => {
    open([0, 1, 40], noChunk);
    page(0);
    expect(wantsIn(checked(1, false))).toEqual([]);
    const effects = bench.do(() => intake.setInlet(2, 20, everyChunk));
    const [holds] = framesIn(effects, 20);
    expect(holds).toMatchObject({ payload: bitmap(chunkCount, 0, 40).toBytes() });
  });

  test("is not taken in when it is sent all the same, before it is checked", () => {
    open([0, 1, 40]);
    page(0);
    const effects = bench.do(() => intake.onChunk(parent, 0, payloadOf(0, sizes)));
    expect(only(effects, "verify-chunk")).toEqual([]);
    expect(intake.tally.duplicates).toBe(1);
  });

  test("is checked a few at once, in order, however many pages come", () => {
    open(range(0, chunkCount));
    expect(checksIn(page(0))).toEqual(range(0, 32));
    expect(checksIn([...page(32), ...page(64), ...page(96)])).toEqual([]);
    const rest: number[] = [];
    for (const index of range(0, chunkCount)) rest.push(...checksIn(checked(index, true)));
    expect(rest).toEqual(range(32, chunkCount));
    expect(intake.content?.held.isFull).toBe(true);
  });

  test("makes it whole, when all of it is there", () => {
    open(range(0, chunkCount));
    for (const first of [0, 32, 64, 96]) page(first);
    bench.do(() =>
      expect(intake.onSeal(signedSeal(sessionHash, sizes.totalBytes))).toBeUndefined(),
    );
    for (const index of range(0, chunkCount)) checked(index, true);
    expect(bench.facts.filter(({ type }) => type === "all-stored").length).toBe(1);
  });

  test("is asked for, a chunk of each page, when nobody sends the pages", () => {
    open([0, 1, 40, 41, 99]);
    page(32);
    for (const index of [40, 41]) checked(index, true);
    bench.do(() => intake.onSeal(signedSeal(sessionHash, sizes.totalBytes)));
    bench.context.now = 1_001;
    const lacked = range(0, chunkCount).filter((index) => ![0, 1, 40, 41, 99].includes(index));
    const [wanted] = wantsIn(bench.do(() => intake.onTick()));
    expect(wanted).toEqual([0, 99, ...lacked].sort((one, other) => one - other));
  });

  test("that was checked in vain, or that nobody claimed, changes nothing", () => {
    open([0]);
    page(0);
    checked(0, true);
    expect(checked(0, false)).toEqual([]);
    expect(checked(7, true)).toEqual([]);
    expect(heldFacts()).toEqual([0]);
    expect(intake.tally.bytes).toBe(1_024);
  });
});
