import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { JsonLines, toJsonLine } from "../../src/output/json-lines.js";
import { Messages } from "../../src/output/messages.js";
import { RateMeter } from "../../src/output/rate-meter.js";
import { layOut } from "../../src/output/table.js";
import { count, formatBytes, formatRate, formatSeconds } from "../../src/output/text.js";
import { ReceiveView } from "../../src/receive/receive-view.js";
import { SendView } from "../../src/send/send-view.js";

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
    messages.line("done", messages.colors.green);
    messages.warn("careful");
    messages.error({ code: "timed-out", message: "it broke" });
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
    messages.error({ code: "timed-out", message: "it broke" });
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

/** What a name, or a peer's word for something, may hold. */
const hostile = [
  "\u001b[2J\u001b[31mred",
  "\u001b]0;title\u0007",
  "\u009b2J",
  "a\rb\bc\u007f",
  "a\npalmtree: all is well",
  "\u202egpj.exe\u2066",
  "a\u2028b\u061cc",
  "\ud800",
];
const unsafe = /[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** The lines of a text, without the colours and the live line of this command. */
function linesOf(text: string): readonly string[] {
  const esc = String.fromCharCode(0x1b);
  const own = new RegExp(`\r${esc}\\[2K|${esc}\\[(?:2|22|31|32|33|39)m`, "g");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(own, ""));
}

describe("names and peers' words", () => {
  const colored = { FORCE_COLOR: "1" };

  test("do nothing on a terminal, in whatever message they are", () => {
    for (const text of hostile) {
      const stream = screen(true);
      const messages = new Messages(stream, {}, colored);
      messages.line(text, messages.colors.green);
      messages.warn(text);
      messages.error({ code: "declined", message: text });
      const columns = [{ title: "WHY", align: "left" }] as const;
      for (const row of layOut(columns, [[{ text, style: messages.colors.red }]]))
        messages.row(row);
      messages.live(text);
      const lines = linesOf(stream.text);
      expect(lines).toHaveLength(6);
      for (const line of lines) expect(line).not.toMatch(unsafe);
    }
  });

  test("do nothing on a terminal where a view shows what receivers and senders say", () => {
    for (const text of hostile) {
      const stream = screen(false);
      const messages = new Messages(stream, {}, {});
      const failure = { code: "declined", message: text };
      const base = { session: "s", name: text, from: text };
      const nothing = { files: 0, bytes: 0, resumedBytes: 0, duplicateBytes: 0, seconds: 1 };
      const receiving = new ReceiveView(messages);
      const renamed = [{ name: text, landedAs: `${text} (1)` }];
      receiving.show({ type: "listening", address: text, port: 1, dir: text });
      receiving.show({ type: "joined", ...base });
      receiving.show({ type: "started", ...base, files: 1, bytes: 1 });
      receiving.show({ type: "blamed", session: "s", number: 1, ...failure });
      receiving.show({ type: "landed", ...base, ...nothing, skipped: [text], renamed });
      const ended = { ...base, ...nothing, skipped: [], renamed: [], error: failure };
      receiving.show({ type: "result", status: "failed", ...ended });
      receiving.show({ type: "error", ...failure });
      const sending = new SendView(messages);
      sending.show({
        type: "scanned",
        session: "s",
        name: text,
        files: 1,
        bytes: 1,
        chunkCount: 1,
        chunkSizeBytes: 1024,
        skipped: [{ path: text, why: text }],
      });
      sending.show({ type: "joined", address: text, isLate: true });
      sending.show({ type: "blamed", address: text, ...failure });
      const peer = {
        address: text,
        status: "failed",
        bytes: 0,
        seconds: 1,
        error: failure,
      } as const;
      sending.show({ type: "peer-ended", ...peer });
      sending.show({ type: "error", ...failure });
      const result = {
        session: "s",
        files: 1,
        bytes: 1,
        seconds: 1,
        peers: [{ peer: text, ...peer }],
      };
      sending.show({ type: "result", status: "failed", ...result });
      const lines = linesOf(stream.text);
      expect(lines).toHaveLength(18);
      for (const line of lines) expect(line).not.toMatch(unsafe);
    }
  });

  test("are in events what they were, and do nothing where these are shown", () => {
    for (const message of hostile) {
      const line = toJsonLine({ type: "error", message } as { type: string });
      expect(JSON.parse(line)).toEqual({ type: "error", message });
      expect(line.trimEnd()).not.toMatch(unsafe);
    }
  });

  test("what should not happen is told with its trace, a line each", () => {
    const stream = screen(false);
    const message = "Error: \u001b[2J\n    at here\n    at there";
    new Messages(stream, {}, {}).error({ code: "internal", message });
    expect(linesOf(stream.text)).toEqual([
      "palmtree: Error: \\u{1b}[2J",
      "    at here",
      "    at there",
    ]);
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
