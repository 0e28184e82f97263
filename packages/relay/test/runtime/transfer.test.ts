import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Place } from "./place.js";

const chunk = 65_536;
let place: Place;

beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.clear());

describe("a transfer over real sockets", () => {
  test("one receiver gets the very bytes", async () => {
    await place.write({ "out/big.bin": 40 * chunk + 17 });
    const receiving = await place.receive("in");
    const { result } = await place.send(["out/big.bin"], [receiving]);
    expect(result.status).toBe("complete");
    expect(result.peers).toMatchObject([
      { peer: receiving.relay.address, status: "complete", bytes: 40 * chunk + 17, number: 1 },
    ]);
    expect(result.totalBytes).toBe(40 * chunk + 17);
    expect(await place.contentOf("in")).toEqual(await place.contentOf("out"));
    expect(await receiving.end).toMatchObject({
      status: "complete",
      files: 1,
      bytes: 40 * chunk + 17,
    });
  });

  test("five receivers with fanout 2 are all served, through each other", async () => {
    await place.write({ "out/a": 30 * chunk });
    const receiving = await place.receiveMany(5);
    const { result } = await place.send(["out/a"], receiving, { fanout: 2 });
    expect(result.peers.map(({ status }) => status)).toEqual(Array(5).fill("complete"));
    const sent = await place.contentOf("out");
    for (const { directory } of receiving)
      expect(await place.contentOf(directory.slice(place.path.length))).toEqual(sent);

    const childrenOf = new Map<number, number>();
    for (const { parent } of result.tree)
      if (parent !== undefined) childrenOf.set(parent, (childrenOf.get(parent) ?? 0) + 1);
    expect(result.tree.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(result.tree.filter(({ parent }) => parent === undefined)).toHaveLength(1);
    expect(Math.max(...childrenOf.values())).toBeLessThanOrEqual(2);
  });

  test("directories arrive with all below them, empty ones and empty files too", async () => {
    await place.write({
      "out/tree/a/b/c/deep.bin": 3 * chunk + 1,
      "out/tree/a/empty.txt": 0,
      "out/tree/a/nothing-in-here/nor-here": "directory",
      "out/tree/one-chunk.bin": chunk,
      "out/tree/one-chunk-and-a-byte.bin": chunk + 1,
      "out/tree/one-byte.bin": 1,
      "out/beside.txt": 5,
    });
    const receiving = await place.receiveMany(2);
    const { result } = await place.send(["out/tree", "out/beside.txt"], receiving, { fanout: 1 });
    expect(result.status).toBe("complete");
    const sent = await place.contentOf("out");
    expect(Object.keys(sent)).toContain("tree/a/nothing-in-here/nor-here/");
    expect(await place.contentOf("in-1")).toEqual(sent);
    expect(await place.contentOf("in-2")).toEqual(sent);
  });

  test("nothing but an empty file and an empty directory is a transfer too", async () => {
    await place.write({ "out/empty": 0, "out/directory": "directory" });
    const receiving = await place.receive("in");
    const { result } = await place.send(["out/empty", "out/directory"], [receiving]);
    expect(result).toMatchObject({ status: "complete", totalBytes: 0 });
    expect(await place.contentOf("in")).toEqual({ empty: "", "directory/": "" });
    expect(await receiving.end).toMatchObject({ status: "complete", files: 1, bytes: 0 });
  });

  test("three hundred small files arrive, each with its own content", async () => {
    const files = Array.from(
      { length: 300 },
      (_, at) => [`out/many/${at % 7}/f${at}`, at] as const,
    );
    await place.write(Object.fromEntries(files));
    const receiving = await place.receiveMany(2);
    const { result } = await place.send(["out/many"], receiving);
    expect(result.status).toBe("complete");
    expect(await place.contentOf("in-1")).toEqual(await place.contentOf("out"));
    expect(await receiving[1]?.end).toMatchObject({ status: "complete", files: 300 });
  });

  test("chunks of another size are cut and put together again", async () => {
    await place.write({ "out/a": 10_000 });
    const receiving = await place.receive("in");
    const { result, steps } = await place.send(["out/a"], [receiving], { chunkSizeBytes: 1_024 });
    expect(result.status).toBe("complete");
    expect(steps[0]).toMatchObject({ type: "scanned", chunkCount: 10, chunkSizeBytes: 1_024 });
    expect(await place.contentOf("in")).toEqual(await place.contentOf("out"));
  });

  test("one relay takes several sessions, at the same time and one after the other", async () => {
    await place.write({ "out/a": 9 * chunk, "out/b": 9 * chunk, "out/c": 5 });
    const receiving = await place.receive("in");
    const both = await Promise.all([
      place.send(["out/a"], [receiving]),
      place.send(["out/b"], [receiving]),
    ]);
    const third = await place.send(["out/c"], [receiving]);
    for (const { result } of [...both, third]) expect(result.status).toBe("complete");
    expect(await place.contentOf("in")).toEqual(await place.contentOf("out"));
    expect(receiving.relay.counters.sessionsJoined).toBe(3);
  });

  test("what was there can be kept: the rest lands, and neighbours get all from whoever skips", async () => {
    await place.write({ "out/a": 3 * chunk, "out/b": 3 * chunk, "in-1/a": 50, "in-2/a": 50 });
    const skipping = await place.receive("in-1", { onConflict: "skip" });
    const renaming = await place.receive("in-2", { onConflict: "rename" });
    const { result } = await place.send(["out/a", "out/b"], [skipping, renaming], {
      plan: "chain",
      strategy: "pipeline",
    });
    expect(result.status).toBe("complete");
    const renamed = [{ name: "a", landedAs: "a (1)" }];
    expect(await skipping.end).toMatchObject({ files: 1, skipped: ["a"], renamed: [] });
    expect(await renaming.end).toMatchObject({ files: 2, skipped: [], renamed });
    const sent = await place.contentOf("out");
    expect(Object.keys(await place.contentOf("in-1"))).toEqual(["a", "b"]);
    expect((await place.contentOf("in-1")).a).not.toBe(sent.a);
    expect(await place.contentOf("in-2")).toMatchObject({ "a (1)": sent.a, b: sent.b });
  });

  test("with overwrite, what was there is replaced", async () => {
    await place.write({ "out/a": 100, "in/a": 50 });
    const receiving = await place.receive("in", { onConflict: "overwrite" });
    const { result } = await place.send(["out/a"], [receiving]);
    expect(result.status).toBe("complete");
    expect(await place.contentOf("in")).toEqual(await place.contentOf("out"));
  });
});
