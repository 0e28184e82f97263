import { Encoder } from "@msgpack/msgpack";
import { fromHex, type PalmTreeError } from "@palmtree/wire";
import { describe, expect, it } from "vitest";
import {
  decodeManifest,
  encodeManifest,
  landingRules,
  type Manifest,
  manifestLimits,
  pathRules,
} from "../src/index.js";
import { brokenPaths } from "./support/broken-paths.js";
import { directory, file, link, manifestOf } from "./support/tree.js";

/** A manifest that is encoded here, or bytes that a peer sent. */
type Broken = Manifest | Uint8Array;

const encoder = new Encoder({ useBigInt64: true });

/** The bytes of a manifest that this package would not encode. */
function sent(...entries: readonly (readonly unknown[])[]): Uint8Array {
  return encoder.encode([1, "test", 1024, entries]);
}

const good = ["a", 0, 1, 0o644, 0] as const;

/** A manifest's head that claims so many entries, and none. */
function claiming(entryCount: number): Uint8Array {
  const head = `9401a178cd0400dd${entryCount.toString(16).padStart(8, "0")}`;
  return fromHex(head);
}

const half = 2 ** 23 * 1024;

/** For each rule that is not about a path alone, manifests that break it and no other. */
const brokenManifests: Readonly<Record<string, readonly Broken[]>> = {
  encoding: [
    new Uint8Array(),
    fromHex("c1"),
    fromHex("ddffffffff"),
    fromHex(`9401a178cd0400dc0001${"dcffff".repeat(1_000)}`),
    fromHex("9401dbffffffff"),
    fromHex("9401a178cd040090c0"),
    sent(["a", 0, -1, 0o644, 0]),
    sent(["a", 0, Number.NaN, 0o644, 0]),
    sent(["a", 0, 0.5, 0o644, 0]),
    sent(["a", 0, 1, 0o644]),
    sent(["a", 3, 0, 0o777, 0]),
    sent(["a", 0, 1, 0o644, 0, "b"]),
    sent([{ __proto__: 1 }, 0, 1, 0o644, 0]),
    fromHex("9401a178cd04009195a3eda0800001cd01a400"), // a surrogate in UTF-8
  ],
  version: [encoder.encode([2, "test", 1024, []])],
  "manifest-size": [new Uint8Array(manifestLimits.manifestBytes + 1)],
  "session-name": [
    { ...manifestOf(), name: "n".repeat(256) },
    { ...manifestOf(), name: "\u001b[2J" },
    { ...manifestOf(), name: "\u202egpj.exe" },
  ],
  "chunk-size": [
    { ...manifestOf(), chunkSizeBytes: 1023 },
    { ...manifestOf(), chunkSizeBytes: 2 ** 24 + 1 },
    encoder.encode([1, "test", 0, []]),
  ],
  "entry-count": [claiming(1_000_001), claiming(10_000_000), claiming(2 ** 32 - 1)],
  kind: [
    sent(["a", 4, 0, 0o644, 0]),
    sent(["a", 255, 0, 0o644, 0]),
    manifestOf(directory("d"), { ...file("d/a", 0), kind: "link" }),
    manifestOf({ ...file("a", 0), target: "b" }),
  ],
  size: [
    sent(["a", 0, 2n ** 53n, 0o644, 0]),
    sent(["a", 0, 2n ** 53n + 1n, 0o644, 0]),
    sent(["a", 0, 2n ** 64n - 1n, 0o644, 0]),
    manifestOf(file("a", -1)),
    manifestOf(file("a", Number.NaN)),
    manifestOf(file("a", Number.POSITIVE_INFINITY)),
    manifestOf(file("a", 2 ** 53 + 2)),
    manifestOf(file("a", 0.5)),
  ],
  "no-content": [
    manifestOf({ ...directory("d"), sizeBytes: 1 }),
    manifestOf(directory("d"), { ...link("d/l", "a"), sizeBytes: 1 }),
    { ...manifestOf(file("a", 1)), entries: [file("a", 1)], isStream: true },
  ],
  "chunk-count": [
    manifestOf(file("a", half), file("b", half + 1)),
    manifestOf(file("a", Number.MAX_SAFE_INTEGER), file("b", Number.MAX_SAFE_INTEGER)),
  ],
  mode: [
    manifestOf(file("a", 1, 0o4755)),
    manifestOf(file("a", 1, 0o2755)),
    manifestOf(directory("d", 0o1777)),
    sent(["a", 0, 1, 0o120777, 0]),
    sent(["a", 0, 1, 0o60644, 0]),
  ],
  time: [
    manifestOf({ ...file("a", 1), modifiedMs: -1 }),
    manifestOf({ ...file("a", 1), modifiedMs: 0.5 }),
    sent(["a", 0, 1, 0o644, 8_640_000_000_000_001n]),
  ],
  stream: [
    sent(["a", 2, 0, 0o644, 0], ["b", 0, 1, 0o644, 0]),
    sent(good, ["b", 2, 0, 0o644, 0]),
    { ...manifestOf(directory("d")), isStream: true },
  ],
  order: [
    manifestOf(file("b", 1), file("a", 1)),
    manifestOf(file("a", 1), file("a", 1)),
    manifestOf(directory("d"), file("d-a", 1), file("d/a", 1)),
  ],
  parent: [
    manifestOf(file("a", 1), file("a/b", 1)),
    manifestOf(file("a/b", 1)),
    manifestOf(directory("d"), file("d/e/a", 1)),
    manifestOf(directory("d"), link("d/l", "e"), file("d/l/a", 1)),
  ],
  collision: [
    manifestOf(file("README", 1), file("readme", 1)),
    manifestOf(file("e\u0301", 1), file("\u00e9", 1)),
    manifestOf(directory("DIR"), file("dir", 1)),
    manifestOf(file("a", 1), file("a\u200d", 1)),
    manifestOf(directory("d"), link("d/L", "x"), directory("d/l")),
  ],
  "link-leaves": [
    manifestOf(link("l", "a")),
    manifestOf(link("l", ".")),
    manifestOf(directory("d"), link("d/l", "../a")),
    manifestOf(directory("d"), link("d/l", "..")),
    manifestOf(directory("d"), directory("d/e"), link("d/e/l", "../../etc/passwd")),
  ],
  "link-through-link": [
    manifestOf(directory("d"), link("d/a", "l/x"), link("d/l", "e")),
    manifestOf(directory("d"), directory("d/e"), link("d/e/a", "../L/x"), link("d/l", "e")),
  ],
};

function failureOf(broken: Broken): PalmTreeError {
  try {
    if (broken instanceof Uint8Array) decodeManifest(broken);
    else encodeManifest(broken);
  } catch (error) {
    return error as PalmTreeError;
  }
  throw new Error("nothing was refused");
}

/** What receivers of files were hit by, and the rules that refuse it. */
const classes: Readonly<Record<string, readonly string[]>> = {
  "parent directories": ["dot-component"],
  "absolute paths": ["absolute"],
  "drive letters": ["drive-letter"],
  "UNC paths": ["network-share"],
  backslashes: ["backslash"],
  "empty and dot components": ["empty", "empty-component", "dot-component"],
  "sibling prefixes": ["dot-component"],
  "device names": ["device-name"],
  "alternate streams": ["alternate-stream"],
  "trailing dots and spaces": ["trailing-dot", "surrounding-space"],
  "NUL, control and escape characters": ["control-character", "session-name"],
  "bidi overrides": ["bidi-control", "session-name"],
  "lone surrogates": ["lone-surrogate", "encoding"],
  "over-long names": ["path-too-long", "component-too-long", "session-name"],
  "very deep paths": ["path-too-deep"],
  "case and NFC collisions": ["collision"],
  "a file that is another's parent": ["parent"],
  "our own names": ["staging-name"],
  "links that lead out": ["link-leaves", "link-through-link"],
  "links on the way": ["parent"],
  "special files": ["kind"],
  "set-uid bits": ["mode"],
  "wrong sizes": ["size", "encoding", "no-content"],
  "wrong times": ["time"],
  "sums that overflow": ["chunk-count"],
  "one path twice": ["order", "stream"],
  "ten million entries": ["entry-count"],
  "msgpack bombs": ["encoding", "manifest-size", "chunk-size", "version"],
};

describe("the rules of landing", () => {
  it("have a name, and say what they refuse and why", () => {
    expect(new Set(landingRules.map(({ name }) => name)).size).toBe(landingRules.length);
    for (const { refuses, why } of landingRules) {
      expect(refuses).not.toBe("");
      expect(why).toMatch(/[.`]$/);
    }
  });

  it("each belong to a class of attacks that is known, and each class has its rules", () => {
    const names = landingRules.map(({ name }) => name);
    expect(new Set(Object.values(classes).flat())).toEqual(new Set(names));
  });

  const brokenByPath = Object.entries(brokenPaths).map(
    ([name, paths]) => [name, paths.map((path) => manifestOf(file(path, 1)))] as const,
  );
  const broken: Readonly<Record<string, readonly Broken[]>> = {
    ...Object.fromEntries(brokenByPath),
    ...brokenManifests,
  };

  for (const { name, refuses } of landingRules) {
    it(`refuse ${refuses} (${name})`, () => {
      expect(broken[name]?.length ?? 0).toBeGreaterThan(0);
      for (const manifest of broken[name] ?? []) {
        const { code, facts } = failureOf(manifest);
        expect({ code, rule: facts.rule }).toEqual({ code: "manifest-invalid", rule: name });
      }
    });
  }

  it("refuse the same names from another machine, as its own fault", () => {
    for (const { name } of pathRules) {
      for (const path of brokenPaths[name] ?? []) {
        const { code, fault } = failureOf(sent([path, 0, 1, 0o644, 0]));
        // Half a surrogate pair cannot be sent as UTF-8: what is sent instead is another name.
        if (name !== "lone-surrogate")
          expect([path, code, fault]).toEqual([path, "manifest-invalid", "remote"]);
      }
    }
  });

  it("refuse a link's target for what a path is refused for", () => {
    const wrong: readonly (readonly [string, string])[] = [
      ["/etc/passwd", "absolute"],
      ["C:/x", "drive-letter"],
      ["e/../x", "dot-component"],
      ["./e", "dot-component"],
      ["e//x", "empty-component"],
      ["e/", "empty-component"],
      ["", "empty"],
      ["a\\b", "backslash"],
      ["a\0b", "control-character"],
      ["con", "device-name"],
      [".palmtree-x", "staging-name"],
      [Array.from({ length: 64 }, () => "d").join("/"), "path-too-deep"],
    ];
    for (const [target, rule] of wrong) {
      const { facts } = failureOf(manifestOf(directory("d"), link("d/l", target)));
      expect([target, facts.rule, facts.field]).toEqual([target, rule, "target"]);
    }
  });

  it("keep links that stay inside", () => {
    const manifest = manifestOf(
      directory("d"),
      directory("d/e"),
      link("d/e/chain", "up"),
      link("d/e/self", "."),
      link("d/e/up", "../a"),
      link("d/e/whole", ".."),
      link("d/nowhere", "e/is/not"),
    );
    expect([...decodeManifest(encodeManifest(manifest)).entries]).toEqual(manifest.entries);
  });
});
