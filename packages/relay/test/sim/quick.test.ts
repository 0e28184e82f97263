import { expect, it } from "vitest";
import { simulate } from "../../src/sim/index.js";
it("works", () => {
  for (const n of [2,3,5,9,17,33,64]) {
    const t=performance.now();
    const r = simulate({ seed: n, peerCount: n, chunkCount: 100 });
    console.log(n, (performance.now()-t).toFixed(0)+"ms", r.durationMs.toFixed(0), r.formedAtMs?.toFixed(0), r.treeSize, r.treeDepth, r.landedCount, r.datagrams, r.frames, r.events, r.blamed.length, r.results.filter(x=>x.status!=="complete").slice(0,2));
  }
  expect(1).toBe(1);
});
