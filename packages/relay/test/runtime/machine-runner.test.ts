import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Effect, PeerEvent } from "../../src/core/index.js";
import { type Machine, MachineRunner } from "../../src/runtime/machine-runner.js";

/** A machine that answers as it is told, and remembers what it was told. */
class ScriptedMachine implements Machine {
  readonly heard: string[] = [];
  deadlineAt: number | undefined;
  answer: (event: PeerEvent) => readonly Effect[] = () => [];

  handle(event: PeerEvent, now: number): readonly Effect[] {
    this.heard.push(event.type === "tick" ? `tick at ${Math.round(now)}` : event.type);
    return this.answer(event);
  }

  deadline(): number | undefined {
    return this.deadlineAt;
  }
}

const landed: PeerEvent = { type: "landed" };
const start: PeerEvent = { type: "start" };
const hash = new Uint8Array(32);
const load = (index: number): Effect => ({ type: "load-chunk", index, hash });

function run(machine: Machine, perform: (effect: Effect) => void = () => undefined) {
  const ends: unknown[] = [];
  const runner = new MachineRunner(machine, { perform, onEnd: (crash) => ends.push(crash) });
  return { runner, ends };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"], now: 0 });
});
afterEach(() => vi.useRealTimers());

test("effects are performed in order, and what they raise is handled after them", () => {
  const machine = new ScriptedMachine();
  const performed: string[] = [];
  machine.answer = ({ type }) => (type === "start" ? [load(1), load(2)] : []);
  const { runner } = run(machine, (effect) => {
    if (effect.type !== "load-chunk") return;
    performed.push(`load ${effect.index}, ${machine.heard.length} heard`);
    runner.post(landed);
  });
  runner.post(start);
  expect(performed).toEqual(["load 1, 1 heard", "load 2, 1 heard"]);
  expect(machine.heard).toEqual(["start", "landed", "landed"]);
});

test("it ticks at the deadline, not before", async () => {
  const machine = new ScriptedMachine();
  machine.deadlineAt = 500;
  machine.answer = ({ type }) => {
    if (type === "tick") machine.deadlineAt = undefined;
    return [];
  };
  const { runner } = run(machine);
  runner.post(start);
  await vi.advanceTimersByTimeAsync(499);
  expect(machine.heard).toEqual(["start"]);
  await vi.advanceTimersByTimeAsync(2);
  expect(machine.heard).toEqual(["start", "tick at 500"]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(machine.heard).toHaveLength(2);
});

test("a deadline that comes nearer is kept, and one that moves back does not tick early", async () => {
  const machine = new ScriptedMachine();
  machine.deadlineAt = 1_000;
  const { runner } = run(machine);
  runner.post(start);
  await Promise.resolve();
  machine.deadlineAt = 100;
  runner.post(start);
  await Promise.resolve();
  machine.deadlineAt = 300;
  await vi.advanceTimersByTimeAsync(299);
  expect(machine.heard).toEqual(["start", "start"]);
  machine.answer = () => {
    machine.deadlineAt = undefined;
    return [];
  };
  await vi.advanceTimersByTimeAsync(2);
  expect(machine.heard).toEqual(["start", "start", "tick at 300"]);
});

test("after the end nothing is heard, and the end is told once", async () => {
  const machine = new ScriptedMachine();
  machine.deadlineAt = 10;
  machine.answer = () => [{ type: "end" }];
  const { runner, ends } = run(machine);
  runner.post(start);
  runner.post(landed);
  await vi.advanceTimersByTimeAsync(100);
  expect(machine.heard).toEqual(["start"]);
  expect(ends).toEqual([undefined]);
  expect(runner.hasEnded).toBe(true);
});

test("a machine that throws, and an effect that throws, end the session with the error", () => {
  const bug = new Error("a bug");
  const throwing = new ScriptedMachine();
  throwing.answer = () => {
    throw bug;
  };
  const first = run(throwing);
  first.runner.post(start);
  expect(first.ends).toEqual([{ error: bug }]);

  const wanting = new ScriptedMachine();
  wanting.answer = () => [load(1)];
  const second = run(wanting, () => {
    throw bug;
  });
  second.runner.post(start);
  second.runner.post(start);
  expect(second.ends).toEqual([{ error: bug }]);
  expect(wanting.heard).toEqual(["start"]);
});

test("the deadline is asked for once for a burst of events, and what it throws ends the session", async () => {
  const machine = new ScriptedMachine();
  const bug = new Error("a bug");
  let asked = 0;
  machine.deadline = () => {
    asked += 1;
    throw bug;
  };
  const { runner, ends } = run(machine);
  for (let count = 0; count < 10; count += 1) runner.post(landed);
  expect(asked).toBe(0);
  await Promise.resolve();
  expect(asked).toBe(1);
  expect(ends).toEqual([{ error: bug }]);
});
