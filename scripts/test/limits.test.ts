import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** A file of the repository. */
function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
}

interface Row {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

const rows = [...read("docs/limits.md").matchAll(/^\| `(\w+)` \| ([\d,]+) \| `([^`]+)` \|/gm)].map(
  ([, name = "", value = "", path = ""]): Row => ({ name, value, path }),
);

/** The value of products and powers of numbers, as constants are written. */
function evaluate(expression: string): number {
  const power = (text: string): number => {
    const [base = "", exponent = "1"] = text.split("**");
    return Number(base.replaceAll("_", "")) ** Number(exponent);
  };
  const factors = expression.replaceAll(" ** ", "**").split(" * ");
  return factors.map(power).reduce((product, factor) => product * factor, 1);
}

test("docs/limits.md has limits", () => expect(rows.length).toBeGreaterThan(60));

test.each(rows)("docs/limits.md says what $name is in $path", ({ name, value, path }) => {
  const written = new RegExp(`(?:const ${name}(?:: number)? = |\\b${name}: )([0-9_ *]+)[;,]`);
  const [, expression] = written.exec(read(path)) ?? [];
  expect(expression, `${path} has no ${name}`).toBeDefined();
  expect(value).toBe(evaluate(expression ?? "").toLocaleString("en-US"));
});

test.each([
  ["packages/transport/src/socket/options.ts", "defaultTransportOptions", ["port"]],
  ["packages/relay/src/core/options.ts", "defaultPeerOptions", []],
  ["packages/relay/src/runtime/receive/relay-options.ts", "defaultRelayOptions", []],
] as const)("docs/limits.md has every number of %s, %s", (path, name, left) => {
  const [, body = ""] = new RegExp(`${name}[^=]*= \\{([^}]*)\\}`).exec(read(path)) ?? [];
  const numbers = [...body.matchAll(/^ {2}(\w+): [\d_ *]+,$/gm)].map(([, key = ""]) => key);
  const known = rows.filter((row) => row.path === path).map((row) => row.name);
  expect(numbers.length).toBeGreaterThan(0);
  expect(numbers.filter((key) => !known.includes(key) && !left.includes(key as never))).toEqual([]);
});

/** What bounds what travels is in docs/protocol.md; these are about the pace of something, and bound nothing. */
const elsewhere = [
  "packages/files/src/core/journal.ts: mostPieceBytes",
  "packages/files/src/descriptor.ts: mostPauseMs",
  "packages/relay/src/core/completion/summary.ts: mostEntries",
  "packages/relay/src/core/feed/feed-watch.ts: mostRetellMs",
  "packages/relay/src/core/feed/feeds.ts: mostAskAgainMs",
  "packages/relay/src/core/feed/feeds.ts: mostSeekMs",
  "packages/relay/src/core/plan/assignment.ts: mostCalmMs",
  "packages/relay/src/core/transfer/arrivals.ts: mostPauseMs",
  "packages/relay/src/core/transfer/hash-pages.ts: mostPageBytes",
  "packages/relay/src/core/transfer/hash-pages.ts: mostPageChunks",
  "packages/relay/src/core/transfer/inlets.ts: mostDisorder",
  "packages/relay/src/core/transfer/inlets.ts: mostJump",
];

test("docs/limits.md has every constant that says how many or how much at most", () => {
  const root = new URL("../../", import.meta.url);
  const bounds = ["files", "relay", "transport"].flatMap((name) => {
    const folder = `packages/${name}/src/`;
    const files = readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" });
    const sources = files.map((file) => file.replaceAll("\\", "/")).filter(isOfProduct);
    return sources.flatMap((file) => {
      const found = read(folder + file).matchAll(
        /^(?:export )?const (most\w+)(?:: number)? = [0-9_ *]+;/gm,
      );
      return [...found].map(([, constant]) => `${folder}${file}: ${constant}`);
    });
  });
  expect(bounds.length).toBeGreaterThan(20);
  const known = rows.map(({ path, name }) => `${path}: ${name}`);
  expect(bounds.filter((each) => !known.includes(each) && !elsewhere.includes(each))).toEqual([]);
  expect(elsewhere.filter((each) => !bounds.includes(each))).toEqual([]);
});

function isOfProduct(file: string): boolean {
  return file.endsWith(".ts") && !file.startsWith("sim/");
}
