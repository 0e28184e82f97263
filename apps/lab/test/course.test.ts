import { describe, expect, test } from "vitest";
import type { Distribution } from "../src/peers/tool.js";
import { Course } from "../src/shaped/course.js";

const startedAtMs = performance.now();
const never = new Promise<number>(() => {});
const after = (seconds: number) => Promise.resolve(startedAtMs + seconds * 1_000);
const everybody = () => true;
const longMs = 60_000;

function distribution(
  completions: Distribution["completions"],
  more: Partial<Distribution> = {},
): Distribution {
  return { startedAtMs, completions, ...more };
}

describe("a course", () => {
  test("takes until the last host has the file", async () => {
    const course = new Course(distribution([after(3), after(5), after(4)]), everybody);
    await course.end(longMs);
    expect(course.countedSeconds).toBeCloseTo(5);
    expect([course.completeCount, course.countedCount]).toEqual([3, 3]);
  });

  test("does not wait for hosts that do not count, nor take them for complete", async () => {
    const course = new Course(distribution([never, after(5), after(4)]), (at) => at !== 0);
    await course.end(longMs);
    expect(course.countedSeconds).toBeCloseTo(5);
    expect(course.allSeconds).toBeUndefined();
    expect([0, 1, 2].map((at) => course.isComplete(at))).toEqual([false, true, true]);
    expect([course.completeCount, course.countedCount]).toEqual([2, 2]);
  });

  test("tells a slow host's time apart from the others'", async () => {
    const ended = after(60).then(() => ({ "command-time": 60 }));
    const course = new Course(distribution([after(50), after(5)], { ended }), (at) => at !== 0);
    await course.end(longMs);
    expect(course.countedSeconds).toBeCloseTo(5);
    expect(course.allSeconds).toBeCloseTo(50);
    expect(course.said).toEqual({ "command-time": 60 });
  });

  test("that is not over in time has no time, and says how many had the file", async () => {
    const course = new Course(distribution([after(3), never]), everybody);
    await course.end(1);
    expect(course.countedSeconds).toBeUndefined();
    expect([course.completeCount, course.countedCount]).toEqual([1, 2]);
  });

  test("fails when a host that counts fails, and not when another does", async () => {
    const failed = () => Promise.reject(new Error("host-1 exited with 1"));
    const counted = new Course(distribution([failed(), after(5)]), everybody);
    await expect(counted.end(longMs)).rejects.toThrow("host-1 exited with 1");
    const other = new Course(distribution([failed(), after(5)]), (at) => at !== 0);
    await other.end(longMs);
    expect(other.countedSeconds).toBeCloseTo(5);
  });

  test("waits for those who joined late, whose time is from their joining", async () => {
    const course = new Course(distribution([after(3)]), everybody);
    const joinedAtMs = performance.now();
    course.expectLate(Promise.resolve(joinedAtMs + 2_000));
    course.expectLate(Promise.resolve(joinedAtMs + 7_000));
    await course.end(longMs);
    expect(course.countedSeconds).toBeCloseTo(3);
    expect(course.lateSeconds).toBeCloseTo(7, 1);
  });

  test("fails when something that was to happen to a host does not", async () => {
    const course = new Course(distribution([after(3)]), everybody);
    course.include(Promise.reject(new Error("ip: no such device")));
    await expect(course.end(longMs)).rejects.toThrow("no such device");
  });

  test("fails when somebody who joined late does", async () => {
    const course = new Course(distribution([after(3)]), everybody);
    course.expectLate(Promise.reject(new Error("host-9 exited with 1")));
    await expect(course.end(longMs)).rejects.toThrow("host-9");
    expect(course.lateSeconds).toBeUndefined();
  });
});
