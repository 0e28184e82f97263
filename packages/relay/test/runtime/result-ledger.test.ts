import { expect, test } from "vitest";
import type { Step } from "../../src/core/index.js";
import { ResultLedger } from "../../src/runtime/send/result-ledger.js";

const [root, one, two] = ["10.0.0.1:4747", "10.0.0.2:4747", "10.0.0.3:4747"] as const;
const outcome = { session: "00", totalBytes: 1, seconds: 1 } as const;

function blamedBy(...steps: readonly Step[]) {
  const ledger = new ResultLedger([one, two], []);
  const addresses = [root, one, two];
  ledger.note({
    type: "numbered",
    peers: addresses.map((address, number) => ({ number, address })),
  });
  for (const step of steps) ledger.note(step);
  return ledger.close(outcome).peers.map((peer) => peer.blamedBy);
}

const accused = { type: "accused", number: 1, address: one, by: two } as const;
const blamed = { type: "blamed", number: 1, code: "link-lost", message: "own" } as const;

test("a result names all who have cut a peer off, and what the first of them said", () => {
  const first = { code: "chunk-corrupt", message: "chunk 7" };
  expect(
    blamedBy(
      { ...accused, ...first },
      { ...accused, code: "other", message: "later" },
      blamed,
      blamed,
    ),
  ).toEqual([{ peers: [two, root], ...first }, undefined]);
});

test("a result names who was cut off by the sender itself", () => {
  const { code, message } = blamed;
  expect(blamedBy(blamed)).toEqual([{ peers: [root], code, message }, undefined]);
});
