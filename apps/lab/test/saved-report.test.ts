import { describe, expect, test } from "vitest";
import type { Outline } from "../src/report/outline.js";
import { parseReport } from "../src/report/parse.js";

const outline: Outline = {
  scenario: "string",
  conditions: { date: "string", node: "string", runCount: "number", command: "string" },
  rows: [{ median: "number", "promise?": "string" }],
};
const conditions = {
  ...{ date: "2026-01-31", node: "v20.20.0", loadBefore: 0, storage: "memory" },
  ...{ runCount: 3, command: "npm run bench -- some --runs 3" },
};
const machine = { platform: "linux x64", cores: 2 };
const section = { scenario: "some", conditions, rows: [{ median: 1 }] };
const report = { version: 2, machine, sections: [section], isHeld: true };
const parse = (value: unknown) => parseReport(JSON.stringify(value), outline);

describe("a saved report", () => {
  test("is read as it was written", () => {
    expect(parse(report)).toEqual(report);
  });

  test("of version 1 has the conditions of its only run in every section", () => {
    const { runCount: _, ...shared } = conditions;
    const sections = [
      { scenario: "some", rows: [{ median: 1 }] },
      { scenario: "other", rows: [] },
    ];
    expect(parse({ version: 1, ...machine, ...shared, sections, isHeld: true })).toEqual({
      ...report,
      sections: [section, { scenario: "other", conditions, rows: [] }],
    });
  });

  test("of another version is refused", () => {
    expect(() => parse({ ...report, version: 3 })).toThrow("version: got 3, expected 1 or 2");
  });

  test.each([
    [[], "got a list, expected an object"],
    [{ sections: [] }, "version: got nothing, expected a number"],
    [{ version: 1, sections: {} }, "sections: got an object, expected a list"],
    [{ ...report, machine: undefined }, "machine: got nothing, expected an object"],
    [
      { ...report, sections: [section, { ...section, conditions: null }] },
      "sections[1].conditions: got null, expected an object",
    ],
    [
      { ...report, sections: [{ ...section, rows: [{ median: "1" }] }] },
      'sections[0].rows[0].median: got "1", expected a number',
    ],
    [
      { ...report, sections: [{ ...section, rows: [{ median: 1, promise: 1 }] }] },
      "sections[0].rows[0].promise: got 1, expected a string",
    ],
  ])("that is %j is refused: what, where, and what was expected", (value, message) => {
    expect(() => parse(value)).toThrow(new TypeError(message));
  });

  test("of version 1 that does not say how often all was run is refused", () => {
    const old = { version: 1, ...machine, ...conditions, command: "x", sections: [section] };
    const { conditions: _, ...bare } = section;
    expect(() => parse({ ...old, sections: [bare] })).toThrow(/runCount: got nothing/);
  });
});
