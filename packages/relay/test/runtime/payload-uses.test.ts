import { describe, expect, it } from "vitest";
import { PayloadUses } from "../../src/runtime/payload-uses.js";

describe("a payload", () => {
  it("is given back once, when the last who reads it is done", () => {
    const released: Uint8Array[] = [];
    const uses = new PayloadUses((payload) => released.push(payload));
    const payload = new Uint8Array(3);
    uses.begin(payload);
    uses.begin(payload);
    uses.begin(payload);
    uses.end(payload);
    uses.end(payload);
    expect(released).toEqual([]);
    uses.end(payload);
    uses.end(payload);
    expect(released).toEqual([payload]);
  });

  it("is not given back by who never read it", () => {
    const released: Uint8Array[] = [];
    const uses = new PayloadUses((payload) => released.push(payload));
    uses.end(new Uint8Array(3));
    expect(released).toEqual([]);
  });
});
