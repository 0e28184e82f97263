import { describe, expect, test } from "vitest";
import { catalog } from "../src/catalog.js";
import { parseOrder } from "../src/command-line.js";
import { usage } from "../src/usage.js";

const parse = (...args: readonly string[]) => parseOrder(args, catalog)!;
const namesOf = (args: readonly string[]) => {
  const { loopback, shaped } = parse(...args);
  return [...loopback, ...shaped].map(({ name }) => name);
};

describe("the command line", () => {
  test("without scenarios means all of both sets but those that must be named", () => {
    const defaults = [...catalog.loopback, ...catalog.shaped]
      .filter(({ isDefault }) => isDefault)
      .map(({ name }) => name);
    expect(namesOf([])).toEqual(defaults);
    expect(defaults).toContain("one-receiver");
    expect(defaults).toContain("eight-at-50");
    expect(defaults).not.toContain("smoke");
    expect(defaults).not.toContain("shaped-smoke");
  });

  test("takes the name of a set for all of it, beside single scenarios of the other", () => {
    const { loopback, shaped } = parse("shaped", "smoke");
    expect(loopback.map(({ name }) => name)).toEqual(["smoke"]);
    expect(shaped).toEqual(catalog.shaped.filter(({ isDefault }) => isDefault));
    expect(parse("loopback").shaped).toEqual([]);
  });

  test("names no scenario of both sets alike, nor like a set", () => {
    const names = [...catalog.loopback, ...catalog.shaped].map(({ name }) => name);
    expect(new Set([...names, "loopback", "shaped"]).size).toBe(names.length + 2);
  });

  test("runs the named scenarios once each, in the table's order", () => {
    expect(namesOf(["tree-six", "one-receiver", "tree-six"])).toEqual(["one-receiver", "tree-six"]);
  });

  test("has three runs by default and takes another number", () => {
    expect(parse().runCount).toBe(3);
    expect(parse("--runs", "7").runCount).toBe(7);
  });

  test.each(["0", "101", "x", "1.5", "-1", ""])("refuses --runs=%s and says why", (runs) => {
    expect(() => parse(`--runs=${runs}`)).toThrow(/--runs.*1 to 100/);
  });

  test("refuses what it does not know, and says what there is", () => {
    expect(() => parse("one-reciever")).toThrow(/one-reciever.*one-receiver/);
    expect(() => parse("--fast")).toThrow("--fast");
  });

  test("says how to repeat it without places of this machine", () => {
    const args = ["smoke", "--runs", "2", "--dir", "/some/where", "--json", "/else/where.json"];
    expect(parse(...args).command).toBe("npm run bench -- smoke --runs 2");
  });

  test("passes strategy and arguments on to `palmtree send`, and says so", () => {
    const order = parse("shaped", "--strategy", "tree", "--send-arguments", " --fanout 1  --x=y ");
    expect(order.sendArguments).toEqual(["--strategy", "tree", "--fanout", "1", "--x=y"]);
    expect(parse().sendArguments).toEqual([]);
    const args = ["--only", "palmtree", "--send-arguments", "--fanout 1", "--keep-logs", "/logs"];
    expect(parse("shaped", ...args).command).toBe(
      'npm run bench -- shaped --runs 3 --only palmtree --send-arguments "--fanout 1"',
    );
  });

  test("runs the tools that are named and no others", () => {
    expect(parse("--only", "star,palmtree").only).toEqual(["palmtree", "star"]);
    expect(parse().only).toBeUndefined();
    expect(() => parse("--only", "rsync")).toThrow(/rsync.*palmtree/);
    expect(() => parse("--only=")).toThrow("--only");
  });

  test("has each scenario's own time limit unless another is given, in seconds", () => {
    expect(parse().timeLimitMs).toBeUndefined();
    expect(parse("--time-limit", "20").timeLimitMs).toBe(20_000);
    expect(() => parse("--time-limit", "0")).toThrow("--time-limit");
  });

  test("installs nothing unless it is told to", () => {
    expect(parse().installsPeers).toBe(false);
    expect(parse("--install-peers").installsPeers).toBe(true);
  });

  test("gives help, in which every scenario and option is", () => {
    expect(parseOrder(["--help"], catalog)).toBeUndefined();
    const help = usage(catalog);
    for (const { name } of [...catalog.loopback, ...catalog.shaped]) expect(help).toContain(name);
    for (const option of ["--runs", "--dir", "--json", "--save"]) expect(help).toContain(option);
    for (const option of ["--only", "--strategy", "--keep-logs", "--install-peers"])
      expect(help).toContain(option);
  });
});
