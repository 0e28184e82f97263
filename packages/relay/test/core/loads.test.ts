import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import { HashPages } from "../../src/core/transfer/hash-pages.js";
import { Loads } from "../../src/core/transfer/loads.js";
import { hashOf, makeContext, pageOf, signedPage } from "./parts.js";

let context: Context;
let pages: HashPages;
let loads: Loads;

beforeEach(() => {
  context = makeContext();
  pages = new HashPages(8, 1_024);
  pages.put(signedPage(0, pageOf(0, 8)), () => true);
  loads = new Loads(context);
});

describe("a chunk that is to be sent and is on the disk only", () => {
  test("is loaded, and goes over the connection that waits for it", () => {
    loads.begin(3, pages, 1);
    expect(context.takeEffects()).toEqual([{ type: "load-chunk", index: 3, hash: hashOf(3) }]);
    expect([...loads.end(3)]).toEqual([1]);
  });

  test("is loaded once for all connections that wait for it", () => {
    for (const connection of [1, 2, 1]) loads.begin(3, pages, connection);
    expect(context.takeEffects()).toHaveLength(1);
    expect([...loads.end(3)]).toEqual([1, 2]);
  });

  test("is loaded again when it is needed again", () => {
    loads.begin(3, pages, 1);
    loads.end(3);
    expect([...loads.end(3)]).toEqual([]);
    context.takeEffects();
    loads.begin(3, pages, 2);
    expect(context.takeEffects()).toHaveLength(1);
  });

  test("goes over no connection that is gone", () => {
    loads.begin(3, pages, 1);
    loads.begin(3, pages, 2);
    loads.forget(1);
    expect([...loads.end(3)]).toEqual([2]);
  });
});
