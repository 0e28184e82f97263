import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type AnyTarget, findingOf, runCase, seedOf } from "@palmtree/wire/fuzz";
import type { Job, Outcome } from "./job.js";
import { targetNamed } from "./targets.js";

/** Different findings after which a target is given up. */
const mostFindings = 20;
/** The heap is looked at first when compilers and pools have what they keep. */
const warmUpCases = 20_000;
/** More than this and a hundred bytes for each case is a leak. */
const freeGrowthBytes = 4 * 1_024 * 1_024;
const mostGrowthPerCase = 4;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Does a job. */
export async function work(job: Job): Promise<Outcome> {
  return await workOn(targetNamed(job.target), job);
}

/** Runs cases of that target until there were enough or the time is over. */
export async function workOn(
  target: AnyTarget,
  { seed, mostCases, minutes, at }: Omit<Job, "target">,
): Promise<Outcome> {
  const startedAt = performance.now();
  const usedBefore = process.cpuUsage();
  const endsAt = startedAt + minutes * 60_000;
  const findings = new Map<string, string>();
  let [cases, accepted, slowestMs, slowestSeed] = [0, 0, 0, seed];
  let warm: { readonly cases: number; readonly bytes: number } | undefined;
  for (let now = startedAt; cases < mostCases && now < endsAt; cases += 1) {
    if (findings.size >= mostFindings) break;
    if (cases === warmUpCases) warm = { cases, bytes: heldBytes() };
    const caseSeed = seedOf(seed, cases);
    Atomics.store(at, 0, cases + 1);
    const { outcome, tookMs } = await timeCase(target, caseSeed);
    now = performance.now();
    if (tookMs > slowestMs && cases > 10) [slowestMs, slowestSeed] = [tookMs, caseSeed];
    if (outcome === "accepted") accepted += 1;
    if (typeof outcome === "string") continue;
    const kind = outcome.error instanceof Error ? outcome.error.message.replace(/\d+/g, "N") : "";
    if (!findings.has(kind)) findings.set(kind, findingOf(target, outcome).message);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(usedBefore);
  const growthBytes = warm === undefined ? 0 : heldBytes() - warm.bytes;
  const grown = growthFinding(growthBytes, cases - (warm?.cases ?? 0));
  const slow = await slowFinding(target, slowestSeed, slowestMs);
  return {
    cases,
    accepted,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    slowestMs,
    slowestSeed,
    growthBytes,
    findings: [...findings.values(), ...grown, ...slow],
  };
}

/** Runs a case. To draw a megabyte may take long, and says nothing of who reads it. */
async function timeCase(target: AnyTarget, seed: number): Promise<TimedCase> {
  let drawnAt = performance.now();
  const outcome = await runCase(target, seed, () => {
    drawnAt = performance.now();
  });
  return { outcome, tookMs: performance.now() - drawnAt };
}

interface TimedCase {
  readonly outcome: Awaited<ReturnType<typeof runCase>>;
  readonly tookMs: number;
}

function heldBytes(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function growthFinding(growthBytes: number, cases: number): string[] {
  if (growthBytes <= freeGrowthBytes + cases * mostGrowthPerCase) return [];
  return [`memory has grown by ${growthBytes} bytes in ${cases} cases`];
}

/** Another program may have held one case up, hardly the same one three times more. */
async function slowFinding(target: AnyTarget, seed: number, slowestMs: number): Promise<string[]> {
  if (slowestMs <= target.mostMs) return [];
  let fastestMs = slowestMs;
  for (let again = 0; again < 3; again += 1)
    fastestMs = Math.min(fastestMs, (await timeCase(target, seed)).tookMs);
  if (fastestMs <= target.mostMs) return [];
  const again = `npm run fuzz -- --target ${target.name} --seed ${seed} --cases 1`;
  return [`${again}\nit takes ${Math.round(fastestMs)} ms, more than ${target.mostMs}`];
}
