import { expect, it } from "vitest";
import { simulate } from "../../src/sim/index.js";
it("spans", () => {
  let ev=0; const bad: string[]=[]; let worst=0, deep=0;
  const t=performance.now();
  for (let n=2;n<=1024;n+= n<130?1:37) {
    try {
    const r = simulate({ seed: n, peerCount: n, isFormationOnly: true, network: {loss: 0.1, mostLatencyMs: 20, reordering: 0.05, duplication: 0.05}, peerOptions: { formationTimeoutMs: 60000 } });
    ev+=r.events; if (r.treeSize!==n) bad.push(`${n}: ${r.treeSize}`);
    worst=Math.max(worst,r.formedAtMs??1e9); deep=Math.max(deep,r.treeDepth);
    if (n%100===0||n>900) console.log(n, r.formedAtMs?.toFixed(0), r.treeDepth, r.datagrams);
    } catch(e) { bad.push(String(e)); }
  }
  console.log((performance.now()-t).toFixed(0)+"ms", ev, worst, deep, bad);
});
it("crashes", () => {
  const t=performance.now(); const bad: string[]=[]; let maxd=0;
  for (let seed=1;seed<=100;seed++) {
    const n = 2+seed%63;
    try {
    const r = simulate({ seed, peerCount: n, chunkCount: 200, fanout: 1+seed%4, network: {loss: 0.1, mostLatencyMs: 20, reordering: 0.05, duplication: 0.05, corruption: seed%3===0?0.001:0, uplinkBytesPerMs: 50},
      crashes: n>6?[{host:1+seed%(n-1), atMs: 200+seed*7, how: seed%2?"kill":"vanish"}]:[] });
    const failed=r.results.filter(x=>x.status!=="complete");
    maxd=Math.max(maxd,r.durationMs);
    if (failed.length>(n>6?1:0)) bad.push(`${seed}: n ${n} ${failed.length} ${failed.map(f=>f.number+":"+f.error?.code)}`);
    } catch(e) { bad.push((e as Error).stack!.slice(0,400)); }
  }
  console.log((performance.now()-t).toFixed(0)+"ms", maxd, bad);
});
