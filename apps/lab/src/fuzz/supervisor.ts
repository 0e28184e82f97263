import { Worker } from "node:worker_threads";
import { seedOf } from "@palmtree/wire/fuzz";
import type { Job, Outcome } from "./job.js";

/** How often it is looked whether the worker moves. */
const lookMs = 1_000;
/** A case that takes longer hangs. A session of many peers may take seconds, on a busy machine more. */
const mostStandstillMs = 120_000;

/** How a job ended for the one who watches it. */
export type JobEnd =
  | { readonly type: "done"; readonly outcome: Outcome }
  /** The worker did not come to its end: it hung, or its thread died. */
  | { readonly type: "broken"; readonly cases: number; readonly finding: string };

/**
 * Does a job in a thread of its own, which is ended when a case does not come to its end.
 *
 * @param program - the module that does jobs where it is run as a worker
 */
export async function supervise(job: Omit<Job, "at">, program: URL): Promise<JobEnd> {
  const at = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(program, { workerData: { ...job, at } satisfies Job });
  let watch: NodeJS.Timeout | undefined;
  try {
    return await new Promise<JobEnd>((resolve) => {
      const breakOff = (what: string): void => {
        const cases = Atomics.load(at, 0);
        const seed = seedOf(job.seed, Math.max(0, cases - 1));
        const finding = `npm run fuzz -- --target ${job.target} --seed ${seed} --cases 1\n${what}`;
        resolve({ type: "broken", cases, finding });
      };
      worker.once("message", (outcome: Outcome) => resolve({ type: "done", outcome }));
      worker.once("error", (error) => breakOff(String(error.stack ?? error)));
      worker.once("exit", (code) => breakOff(`the thread ended with code ${code}`));
      watch = watchOver(at, () => breakOff(`the case has not ended after ${mostStandstillMs} ms`));
    });
  } finally {
    clearInterval(watch);
    await worker.terminate();
  }
}

function watchOver(at: Int32Array, onStandstill: () => void): NodeJS.Timeout {
  let [seen, since] = [0, performance.now()];
  return setInterval(() => {
    const now = performance.now();
    const place = Atomics.load(at, 0);
    if (place !== seen || place === 0) [seen, since] = [place, now];
    else if (now - since > mostStandstillMs) onStandstill();
  }, lookMs);
}
