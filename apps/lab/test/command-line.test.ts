import { describe, expect, test } from "vitest";
import { parseOrder, usage } from "../src/command-line.js";
import { scenarios } from "../src/scenarios.js";

const namesOf = (args: readonly string[]) =>
  parseOrder(args, scenarios)?.scenarios.map(({ name }) => name);

describe("the command line", () => {
  test("without scenarios means all but those that must be named", () => {
    const defaults = scenarios.filter(({ isDefault }) => isDefault).map(({ name }) => name);
    expect(namesOf([])).toEqual(defaults);
    expect(defaults).toContain("one-receiver");
    expect(defaults).not.toContain("smoke");
  });

  test("runs the named scenarios once each, in the table's order", () => {
    expect(namesOf(["tree-six", "one-receiver", "tree-six"])).toEqual(["one-receiver", "tree-six"]);
  });

  test("has three runs by default and takes another number", () => {
    expect(parseOrder([], scenarios)?.runCount).toBe(3);
    expect(parseOrder(["--runs", "7"], scenarios)?.runCount).toBe(7);
  });

  test.each(["0", "101", "x", "1.5", "-1", ""])("refuses --runs=%s and says why", (runs) => {
    expect(() => parseOrder([`--runs=${runs}`], scenarios)).toThrow(/--runs.*1 to 100/);
  });

  test("refuses what it does not know, and says what there is", () => {
    expect(() => parseOrder(["one-reciever"], scenarios)).toThrow(/one-reciever.*one-receiver/);
    expect(() => parseOrder(["--fast"], scenarios)).toThrow("--fast");
  });

  test("says how to repeat it without places of this machine", () => {
    const args = ["smoke", "--runs", "2", "--dir", "/some/where", "--json", "/else/where.json"];
    expect(parseOrder(args, scenarios)?.command).toBe("npm run bench -- smoke --runs 2");
  });

  test("gives help, in which every scenario and option is", () => {
    expect(parseOrder(["--help"], scenarios)).toBeUndefined();
    const help = usage(scenarios);
    for (const { name } of scenarios) expect(help).toContain(name);
    for (const option of ["--runs", "--dir", "--json", "--save"]) expect(help).toContain(option);
  });
});
