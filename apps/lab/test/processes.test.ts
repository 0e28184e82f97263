import { afterEach, describe, expect, test } from "vitest";
import { Roster } from "../src/processes/roster.js";

const controller = new AbortController();
let roster = new Roster(controller.signal);

afterEach(async () => {
  await roster[Symbol.asyncDispose]();
  roster = new Roster(controller.signal);
});

const start = (script: string, timeoutMs = 10_000) =>
  roster.start(process.execPath, ["-e", script], { name: "child", timeoutMs });

describe("a watched process", () => {
  test("gives the JSON objects that it prints, by type, and skips other lines", async () => {
    const child = start(`
      console.log("hello");
      console.log('{"type":"a","n":1}');
      console.log('{"type":"a","n":2}');
    `);
    await child.success();
    expect(child.printed("a").map(({ value }) => value.n)).toEqual([1, 2]);
    expect((await child.first("a")).value.n).toBe(1);
  });

  test("that fails is an error with its name, its exit code and what it said", async () => {
    const child = start(`console.error("no such luck"); process.exitCode = 3`);
    await expect(child.success()).rejects.toThrow(/child exited with 3[\s\S]*no such luck/);
  });

  test("that ends without a word is no endless wait", async () => {
    await expect(start("").first("listening")).rejects.toThrow('before it printed "listening"');
  });

  test("that lives too long is ended", async () => {
    const child = start("setInterval(() => {}, 1000)", 300);
    await expect(child.success()).rejects.toThrow("was ended after 0.3 s");
  });

  test("that cannot be started is an error", async () => {
    const child = roster.start("no-such-program-here", [], { name: "child", timeoutMs: 1_000 });
    await expect(child.success()).rejects.toThrow("ENOENT");
  });
});

describe("a roster", () => {
  test("ends all its processes when it is disposed of", async () => {
    const children = [1, 2].map(() => start("setInterval(() => {}, 1000)"));
    await roster[Symbol.asyncDispose]();
    const exits = await Promise.all(children.map(({ exited }) => exited));
    expect(exits.map(({ signal }) => signal)).toEqual(["SIGKILL", "SIGKILL"]);
  });

  test("ends all its processes when its signal aborts, and starts no more", async () => {
    const stop = new AbortController();
    await using stopped = new Roster(stop.signal);
    const options = { name: "child", timeoutMs: 10_000 };
    const child = stopped.start(process.execPath, ["-e", "setInterval(() => {}, 1000)"], options);
    stop.abort(new Error("enough"));
    expect((await child.exited).signal).toBe("SIGKILL");
    expect(() => stopped.start(process.execPath, [], options)).toThrow("enough");
  });
});
