import { expect, test } from "vitest";
import { parseChildrenCpu, parseUsage, readUsage } from "../src/processes/proc-status.js";

const status = "Name:\tnode\nVmPeak:\t  999999 kB\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
/** Fields 3 on; utime and stime are the 14th and 15th of the line. */
const fields = "S 1 2 2 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 11 0";

test("peak memory is the system's high-water mark, memory what is in RAM now, CPU time that of user and system", () => {
  expect(parseUsage(status, `12 (node) ${fields}`)).toEqual({
    peakMemoryBytes: 2 * 2 ** 20,
    memoryBytes: 2 ** 20,
    cpuSeconds: 3,
  });
});

test("a program's name may hold spaces and brackets", () => {
  expect(parseUsage(status, `12 (a) b (c) ${fields}`)?.cpuSeconds).toBe(3);
});

test("the CPU time of children that have ended is that of user and system too", () => {
  const withChildren = fields.replace("250 50 0 0", "250 50 75 25");
  expect(parseChildrenCpu(`12 (a) b (c) ${withChildren}`)).toBe(1);
});

test("a process that has ended has no usage", () => {
  expect(parseUsage("Name:\tnode\nState:\tZ (zombie)\n", `12 (node) ${fields}`)).toBeUndefined();
  expect(readUsage(2 ** 30)).toBeUndefined();
});
