import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { JsonLines } from "../../src/output/json-lines.js";
import { Messages } from "../../src/output/messages.js";
import { RateMeter } from "../../src/output/rate-meter.js";
import { layOut } from "../../src/output/table.js";
import { count, formatBytes, formatRate, formatSeconds } from "../../src/output/text.js";

describe("for people", () => {
  test.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1_000, "1.0 KiB"],
    [1_024, "1.0 KiB"],
    [65_536, "64.0 KiB"],
    [102_400, "100 KiB"],
    [1_048_575, "1.0 MiB"],
    [5 * 2 ** 30, "5.0 GiB"],
    [2 ** 53, "8.0 PiB"],
  ])("%d bytes are written as %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  test.each([
    [0, "0.0 s"],
    [9.94, "9.9 s"],
    [9.96, "10 s"],
    [59.4, "59 s"],
    [59.6, "1 min 0 s"],
    [200, "3 min 20 s"],
    [7_500, "2 h 5 min"],
  ])("%d seconds are written as %s", (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  test("a rate needs some time", () => {
    expect(formatRate(2 ** 20, 2)).toBe("512 KiB/s");
    expect(formatRate(2 ** 20, 0)).toBe("");
  });

  test("one is not many", () => {
    expect([count(1, "file"), count(2, "file"), count(0, "peer")]).toEqual([
      "1 file",
      "2 files",
      "0 peers",
    ]);
  });

  test("a table has straight columns, also where cells are coloured", () => {
    const columns = [
      { title: "PEER", align: "left" },
      { title: "SIZE", align: "right" },
      { title: "WHY", align: "left" },
    ] as const;
    const red = (text: string): string => `<${text}>`;
    const rows = [
      [{ text: "a" }, { text: "1", style: red }, { text: "" }],
      [{ text: "longer" }, { text: "12345" }, { text: "no reason" }],
    ];
    expect(layOut(columns, rows)).toEqual([
      "PEER     SIZE  WHY",
      "a           <1>",
      "longer  12345  no reason",
    ]);
  });
});

describe("the rate", () => {
  test("is that of the last seconds", () => {
    const meter = new RateMeter(1_000);
    expect(meter.add(0, 0)).toBe(0);
    expect(meter.add(500, 500)).toBe(1_000);
    expect(meter.add(1_000, 1_000)).toBe(1_000);
    expect(meter.add(1_000, 2_000)).toBe(0);
  });

  test("is never below zero, whatever a failed peer takes away", () => {
    const meter = new RateMeter();
    meter.add(100, 0);
    expect(meter.add(50, 10)).toBe(0);
  });
});

/** A stream that keeps what is written to it. */
function screen(isTTY: boolean): {
  text: string;
  isTTY: boolean;
  columns: number;
  write: unknown;
} & {
  write(text: string): void;
} {
  const kept = {
    text: "",
    isTTY,
    columns: 40,
    write: (text: string): void => {
      kept.text += text;
    },
  };
  return kept;
}

describe("messages", () => {
  test("go line by line where nobody watches, without colours and without a live line", () => {
    const stream = screen(false);
    const messages = new Messages(stream, {}, {});
    messages.live("50 %");
    messages.line(messages.colors.green("done"));
    messages.warn("careful");
    messages.error("it broke");
    expect(stream.text).toBe("done\npalmtree: warning: careful\npalmtree: it broke\n");
    expect(messages.isLive).toBe(false);
  });

  test("keep the live line below them on a terminal, cut to its width", () => {
    const stream = screen(true);
    const messages = new Messages(stream, {}, { NO_COLOR: "1" });
    messages.live("x".repeat(60));
    messages.line("hello");
    const live = `\r\u001b[2K${"x".repeat(39)}`;
    expect(stream.text).toBe(`${live}\r\u001b[2Khello\n${live}`);
  });

  test("are only warnings and errors when they are to be quiet", () => {
    const stream = screen(true);
    const messages = new Messages(stream, { quiet: true }, { NO_COLOR: "1" });
    messages.live("50 %");
    messages.line("done");
    messages.error("it broke");
    expect(stream.text).toBe("palmtree: it broke\n");
  });

  test.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: "1" }, false],
    [true, { TERM: "dumb" }, false],
    [false, { FORCE_COLOR: "1" }, true],
    [true, { FORCE_COLOR: "0" }, false],
  ])("on a terminal (%s) with %j have colours: %s", (isTTY, env, expected) => {
    const { colors } = new Messages(screen(isTTY), {}, env);
    expect(colors.isColorSupported).toBe(expected);
  });
});

describe("events for scripts", () => {
  test("are one JSON object on a line", () => {
    let text = "";
    const stream = new Writable({
      write: (data, _encoding, done) => {
        text += String(data);
        done();
      },
    });
    const json = new JsonLines(stream, () => undefined);
    json.write({ type: "joined", address: "a\nb" } as { type: string });
    json.write({ type: "result" });
    expect(text).toBe('{"type":"joined","address":"a\\nb"}\n{"type":"result"}\n');
    expect(json.isBehind).toBe(false);
  });

  test("end when the reader goes away, which is told once", () => {
    let closed = 0;
    const stream = new Writable({ write: (_data, _encoding, done) => done() });
    const json = new JsonLines(stream, () => {
      closed += 1;
    });
    stream.emit("error", new Error("EPIPE"));
    stream.emit("error", new Error("EPIPE"));
    json.write({ type: "result" });
    expect(closed).toBe(1);
    expect(json.isClosed).toBe(true);
  });
});
