import { describe, expect, test } from "vitest";
import { HashPages, pageChunks } from "../../src/core/transfer/hash-pages.js";
import { hashOf, pageOf, range, signedPage } from "./parts.js";

const kib = 1_024;

function put(pages: HashPages, first: number, hashes: Uint8Array): string | undefined {
  return pages.put(signedPage(first, hashes), () => true);
}

describe("pageChunks", () => {
  test("a page covers 32 chunks up to 64 KiB, at most 2 MiB beyond that, and at least one chunk", () => {
    const covered = [1, 16, 64, 128, 512, 1_024, 2_048, 4_096, 16_384].map((size) =>
      pageChunks(size * kib),
    );
    expect(covered).toEqual([32, 32, 32, 16, 4, 2, 1, 1, 1]);
  });
});

describe("HashPages", () => {
  const make = (): HashPages => new HashPages(70, 64 * kib);

  test("cut the chunks into pages, of which the last may be short", () => {
    const pages = make();
    expect(pages.pageCount).toBe(3);
    expect(range(0, 3).map((page) => pages.lengthOf(page))).toEqual([32, 32, 6]);
    expect([0, 31, 32, 63, 64, 69].map((index) => pages.pageOf(index))).toEqual([0, 0, 1, 1, 2, 2]);
  });

  test("a page that is taken in gives the hash of each of its chunks, and no other's", () => {
    const pages = make();
    expect(put(pages, 32, pageOf(32, 64))).toBeUndefined();
    expect(pages.hashOf(32)).toEqual(hashOf(32));
    expect(pages.hashOf(63)).toEqual(hashOf(63));
    expect(pages.hashOf(31)).toBeUndefined();
    expect(pages.hashOf(64)).toBeUndefined();
    expect(pages.get(1)).toEqual(signedPage(32, pageOf(32, 64)));
  });

  test("are complete with the last page that was missing, in whatever order they came", () => {
    const pages = make();
    put(pages, 64, pageOf(64, 70));
    put(pages, 0, pageOf(0, 32));
    expect(pages.isComplete).toBe(false);
    put(pages, 0, pageOf(0, 32));
    expect(pages.isComplete).toBe(false);
    put(pages, 32, pageOf(32, 64));
    expect(pages.isComplete).toBe(true);
    expect(pages.all()).toEqual([pageOf(0, 32), pageOf(32, 64), pageOf(64, 70)]);
  });

  test("of no chunks are complete at once", () => {
    const pages = new HashPages(0, 64 * kib);
    expect(pages.pageCount).toBe(0);
    expect(pages.isComplete).toBe(true);
    expect(pages.all()).toEqual([]);
    expect(put(pages, 0, pageOf(0, 1))).toContain("chunk 0");
  });

  test("a page that begins in the middle of another, or beyond the end, is refused", () => {
    const pages = make();
    for (const first of [1, 31, 33, 96, 2 ** 24]) {
      expect(put(pages, first, pageOf(0, 32))).toContain(
        `at chunk ${first}, expected a multiple of 32`,
      );
    }
    expect(pages.hashOf(1)).toBeUndefined();
  });

  test("a page that is too short or too long is refused", () => {
    const pages = make();
    expect(put(pages, 0, pageOf(0, 31))).toContain("expected 1024");
    expect(put(pages, 64, pageOf(32, 64))).toContain("expected 192");
    expect(pages.hashOf(0)).toBeUndefined();
  });

  test("a page that is known already must be the same, to the last byte", () => {
    const pages = make();
    const page = pageOf(0, 32);
    put(pages, 0, page);
    expect(put(pages, 0, page.slice())).toBeUndefined();
    const other = page.slice();
    other[32 * 32 - 1] = 99;
    expect(put(pages, 0, other)).toContain("other hashes than before at chunk 0");
    expect(pages.hashOf(31)).toEqual(hashOf(31));
  });
});
