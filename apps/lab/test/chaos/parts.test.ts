import { describe, expect, test } from "vitest";
import { hasConnection } from "../../src/chaos/connections.js";
import { Judge } from "../../src/chaos/judge.js";
import { parseOrder, usage } from "../../src/chaos/order.js";
import { Progress } from "../../src/chaos/progress.js";
import { renderChaos, renderChaosPage } from "../../src/chaos/report.js";
import { type ChaosOutcome, isHeld } from "../../src/chaos/run.js";
import { chaosScenarios } from "../../src/chaos/scenarios.js";

const [scenario] = chaosScenarios;

describe("a judge", () => {
  test("holds what is exactly as promised, and at most as large", () => {
    const judge = new Judge();
    judge.exactly("exit code", 0, 0);
    judge.exactly("exit code", 1, 0);
    judge.atMost("pause, s", 3.999, 4);
    judge.atMost("pause, s", 4.001, 4);
    judge.atMost("pause, s", undefined, 4);
    judge.tell("copies", 1.05);
    expect(judge.claims.map(({ isHeld: held }) => held)).toEqual([
      true,
      false,
      true,
      false,
      false,
      true,
    ]);
    expect(judge.claims.at(-2)).toMatchObject({ seen: "never", promised: "≤ 4" });
    expect(judge.claims.at(-1)).toMatchObject({ seen: "1.05", promised: undefined });
  });
});

describe("the progress of a host", () => {
  test("stands still as long as it holds no more, also before the first byte and after the last", () => {
    const progress = new Progress();
    for (const [atMs, bytes] of [
      [1_000, 10],
      [1_500, 20],
      [2_900, 20],
      [3_000, 30],
    ] as const)
      progress.add({ atMs, bytes });
    expect(progress.bytes).toBe(30);
    expect(progress.longestPauseSeconds(900, 3_100)).toBe(1.5);
    expect(progress.longestPauseSeconds(0, 1_200)).toBe(1);
    expect(progress.longestPauseSeconds(3_500, 9_500)).toBe(6);
  });
});

describe("the connections of a namespace", () => {
  const table = [
    "  sl  local_address rem_address   st tx_queue rx_queue",
    "   0: 0100007F:128B 00000000:0000 0A 00000000:00000000",
    "   1: 0201004D:128B 0301004D:D431 01 00000000:00000000",
    "   2: 0201004D:128B 0401004D:D431 04 00000000:00000000",
  ].join("\n");

  test("to an address are those that stand", () => {
    expect(hasConnection(table, "77.0.1.3")).toBe(true);
    // It is being closed; and to the third there is none.
    expect(hasConnection(table, "77.0.1.4")).toBe(false);
    expect(hasConnection(table, "77.0.1.2")).toBe(false);
  });
});

describe("what the command is asked to do", () => {
  test("is everything in both strategies, or what is named", () => {
    const all = parseOrder([], chaosScenarios);
    expect(all?.scenarios.map(({ name }) => name)).not.toContain("smoke");
    expect(all).toMatchObject({ strategies: ["pipeline", "tree"], command: "npm run chaos" });
    const one = parseOrder(["smoke", "--strategy", "tree"], chaosScenarios);
    expect(one?.scenarios.map(({ name }) => name)).toEqual(["smoke"]);
    expect(one).toMatchObject({
      strategies: ["tree"],
      command: "npm run chaos -- smoke --strategy tree",
    });
    expect(parseOrder(["--help"], chaosScenarios)).toBeUndefined();
  });

  test("is refused when there is no such thing", () => {
    expect(() => parseOrder(["flood"], chaosScenarios)).toThrow(/flood/);
    expect(() => parseOrder(["--strategy", "star"], chaosScenarios)).toThrow(/star/);
    for (const { name, about } of chaosScenarios) {
      expect(usage(chaosScenarios)).toContain(name);
      expect(usage(chaosScenarios)).toContain(about);
    }
  });

  test("has a name of its own for each scenario", () => {
    const names = chaosScenarios.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("the report", () => {
  const judge = new Judge();
  judge.atMost("pause, s", 1.5, 4);
  const outcome: ChaosOutcome = {
    scenario: scenario!,
    strategy: "tree",
    claims: judge.claims,
    failure: undefined,
    seconds: 20,
    foreignPercent: 3,
  };

  test("says of each promise what was seen and whether it was held", () => {
    expect(isHeld(outcome)).toBe(true);
    expect(renderChaos([outcome])).toMatch(/pause, s +1\.50 +≤ 4 +yes/);
    expect(renderChaos([outcome])).toContain("1 runs, 0 with broken promises");
    const failed = { ...outcome, failure: "host-1 exited with 2\nand said: no" };
    expect(isHeld(failed)).toBe(false);
    expect(renderChaos([failed])).toMatch(/it failed +host-1 exited with 2 +NO/);
  });

  test("is a page with the command that repeats it", () => {
    const page = renderChaosPage([outcome], { command: "npm run chaos", machine: "2 cores" });
    expect(page).toContain("`npm run chaos`");
    expect(page).toContain(`- \`${scenario!.name}\`: ${scenario!.about}`);
    expect(page).toContain("| pause, s | 1.50 | ≤ 4 | yes |");
  });
});
