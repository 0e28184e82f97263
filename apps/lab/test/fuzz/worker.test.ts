import type { AnyTarget } from "@palmtree/wire/fuzz";
import { anyTarget } from "@palmtree/wire/fuzz";
import { expect, test } from "vitest";
import { workOn } from "../../src/fuzz/worker.js";

function targetThat(check: (input: number) => void, mostMs = 1_000): AnyTarget {
  return anyTarget<number>({
    name: "made-up",
    promise: "is kept",
    mostMs,
    draw: (draw) => draw.below(100),
    check: (input) => {
      check(input);
      return input < 50 ? "accepted" : "refused";
    },
    write: (input) => input,
    read: (kept) => kept as number,
  });
}

const job = { seed: 1, mostCases: 200, minutes: 1, at: new Int32Array(new SharedArrayBuffer(4)) };

test("cases are counted, and where the work is can be seen from outside", async () => {
  const outcome = await workOn(
    targetThat(() => undefined),
    job,
  );
  expect(outcome).toMatchObject({ cases: 200, findings: [] });
  expect(outcome.accepted).toBeGreaterThan(50);
  expect(Atomics.load(job.at, 0)).toBe(200);
});

test("each kind of finding is reported once, with its input and how to repeat it", async () => {
  const target = targetThat((input) => {
    if (input < 5) throw new Error("too little");
    if (input > 90) throw new RangeError(`${input} is too much`);
  });
  const { findings } = await workOn(target, job);
  expect(findings).toHaveLength(2);
  for (const finding of findings)
    expect(finding).toMatch(/^npm run fuzz -- --target made-up --seed \d+ --cases 1\n/);
  expect(findings.join("\n")).toContain("too little");
  expect(findings.join("\n")).toMatch(/^input: [0-4]$/m);
});

test("memory that a target keeps is found", { timeout: 60_000 }, async () => {
  const kept: Uint8Array[] = [];
  const leaking = targetThat(() => kept.push(new Uint8Array(1_024)));
  const { findings } = await workOn(leaking, { ...job, mostCases: 40_000 });
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatch(/^memory has grown by \d+ bytes in 20000 cases$/);
});

test("what is slow to draw is not slow to read", async () => {
  const target = targetThat(() => undefined, 2);
  const draw = (): number => {
    const endsAt = performance.now() + 5;
    while (performance.now() < endsAt);
    return 1;
  };
  const { findings } = await workOn({ ...target, draw }, { ...job, mostCases: 15 });
  expect(findings).toEqual([]);
});

test("a case that takes too long each time is found", async () => {
  const slow = targetThat(() => {
    const endsAt = performance.now() + 5;
    while (performance.now() < endsAt);
  }, 2);
  const { findings } = await workOn(slow, { ...job, mostCases: 15 });
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatch(/it takes \d+ ms, more than 2$/);
});
