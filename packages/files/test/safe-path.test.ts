import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkComponent,
  checkPath,
  checkPaths,
  escapeForTerminal,
  NameSet,
  pathRules,
} from "../src/index.js";
import { brokenPaths } from "./support/broken-paths.js";

const safe: readonly string[] = [
  "a",
  "a.txt",
  "a/b/c.tar.gz",
  ".hidden",
  "..a",
  "a..b",
  "...a",
  "-rf",
  "~",
  "$HOME",
  "a b",
  "'\"",
  "a;b|c&d",
  "*?<>",
  "console",
  "com",
  "com10",
  "lpt",
  "nullable",
  "auxiliary.c",
  "a.con",
  "__proto__",
  "constructor/prototype",
  "toString",
  "日本語/ファイル",
  "e\u0301",
  "👩\u200d👩\u200d👧",
  "🌴",
  "palmtree-x",
  ".palmtree",
  "n".repeat(255),
  "é".repeat(127),
  Array.from({ length: 64 }, () => "d").join("/"),
  Array.from({ length: 16 }, () => "n".repeat(255)).join("/"),
];

function brokenRule(path: string): string | undefined {
  const components = path.split("/");
  return pathRules.find(({ scope, isBrokenBy }) =>
    scope === "path" ? isBrokenBy(path) : components.some(isBrokenBy),
  )?.name;
}

describe("a path", () => {
  it("has examples here for every rule", () => {
    expect(Object.keys(brokenPaths)).toEqual(pathRules.map(({ name }) => name));
  });

  for (const { name, sentence } of pathRules) {
    it(`is refused when it breaks the rule ${name}`, () => {
      for (const path of brokenPaths[name] ?? []) {
        expect(checkPath(path), JSON.stringify(path)).toContain(sentence);
        expect([path, brokenRule(path)]).toEqual([path, name]);
      }
    });
  }

  it("is safe otherwise, whatever a shell or an object would make of it", () => {
    for (const path of safe) expect([path, checkPath(path)]).toEqual([path, undefined]);
  });

  it("that is safe stays in its directory on every system", () => {
    const parts = fc.constantFrom(
      "..",
      ".",
      "/",
      "\\",
      "a",
      ":",
      "C",
      " ",
      "\0",
      "con",
      "é",
      "\u202e",
      "\ud800",
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 8 }), (list) => {
        const path = list.join("");
        if (checkPath(path) !== undefined) return;
        for (const component of path.split(/[/\\]/)) {
          expect(component).not.toMatch(/^\.*$/);
          expect(component).not.toMatch(/[:\0]|[. ]$/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("is refused with a sentence that is safe to print, and short", () => {
    const reasons = Object.values(brokenPaths).flatMap((paths) =>
      paths.map((path) => checkPath(path)),
    );
    for (const reason of reasons) {
      expect(reason).toBe(escapeForTerminal(reason ?? ""));
      expect(reason?.length).toBeLessThan(1000);
    }
  });

  it("has components that are checked alone", () => {
    expect(checkComponent("a")).toBeUndefined();
    expect(checkComponent("..")).toContain("parent directory");
    expect(checkComponent("")).toContain("empty component");
  });
});

describe("paths side by side", () => {
  const collisions: readonly (readonly [string, string])[] = [
    ["a", "a"],
    ["README", "readme"],
    ["dir/File", "DIR/file"],
    ["\u00e9", "e\u0301"],
    ["\u00c9", "e\u0301"],
    ["straße", "STRASSE"],
    ["ΑΣ", "ας"],
    ["ᾳ", "αι"],
    ["α\u0345\u0301", "\u1fb4"],
    ["\u212a", "k"],
    ["\u212b", "å"],
    ["ﬁ", "fi"],
    ["a\u200db", "ab"],
    ["a\u00adb", "ab"],
    ["\ufe0fa", "a"],
    ["가", "\u1100\u1161"],
  ];

  it("are refused when two are one name on some system", () => {
    for (const [a, b] of collisions) {
      const problem = checkPaths(["other", a, "x", b]);
      expect([a, b, problem?.index, problem?.path]).toEqual([a, b, 3, b]);
      expect(checkPaths([b, a])?.index).toBe(1);
    }
  });

  it("are refused when one is unsafe, the first one named", () => {
    expect(checkPaths(["a", "../b", "/c"])).toMatchObject({ index: 1, path: "../b" });
  });

  it("are safe when they are different everywhere", () => {
    expect(checkPaths(["a", "b", "a/b", "A b", "__proto__", "constructor", "é", "e"])).toBe(
      undefined,
    );
    expect(checkPaths([])).toBeUndefined();
  });

  it("are one name when they are written in any case and normalisation", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(text, fc.constantFrom("NFC", "NFD"), (path, form) => {
        for (const other of [path.normalize(form), path.toUpperCase().normalize(form)]) {
          const set = new NameSet();
          expect(set.add(path)).toBeUndefined();
          expect(set.add(other)).toBeDefined();
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("a text for the terminal", () => {
  it("has nothing left that moves the cursor, turns text around or is half a character", () => {
    expect(escapeForTerminal("a\u001b[2Jb")).toBe("a\\u{1b}[2Jb");
    expect(escapeForTerminal("\u202e\ud800é🌴 ")).toBe("\\u{202e}\\u{d800}é🌴 ");
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff)), (units) => {
        const text = String.fromCharCode(...units);
        const unsafe = /[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
        expect(escapeForTerminal(text)).not.toMatch(unsafe);
      }),
    );
  });
});
