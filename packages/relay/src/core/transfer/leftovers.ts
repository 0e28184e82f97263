import type { Bitmap } from "@palmtree/files/core";
import { wireLimits } from "@palmtree/wire";
import type { Context } from "../context.js";
import type { Content } from "./content.js";

/** Chunks that are read and hashed at once: enough that the disk reads ahead. Guess. */
const mostChecks = 32;
/** The same in bytes; one always is. */
const mostCheckedBytes = 16 * 1024 * 1024;

/**
 * Chunks that an earlier session left on this peer's disk, or that stand under their final names.
 * They are claimed, so that nobody sends them, but nothing is known of them: each is compared with
 * its hash once its page is here, and is held only then. What is on a disk is never believed.
 */
export class Leftovers {
  readonly #context: Context;
  readonly #content: Content;
  /** Neither held nor found to be something else. */
  readonly #claimed: Bitmap;
  /** Pages that became known, whose chunks are still to be checked; the first is at `#next`. */
  #pages: number[] = [];
  #next = 0;
  /** The last chunk of that page whose check was begun; -1 before its first. */
  #checkedTo = -1;
  #checks = 0;
  readonly #mostChecks: number;

  /** @param claimed owned by this object from now on */
  constructor(context: Context, content: Content, claimed: Bitmap) {
    this.#context = context;
    this.#content = content;
    this.#claimed = claimed;
    const fitting = Math.floor(mostCheckedBytes / content.chunkSizeBytes);
    this.#mostChecks = Math.max(1, Math.min(mostChecks, fitting));
  }

  /** Whether the chunk is claimed, and not checked yet. */
  has(index: number): boolean {
    return this.#claimed.has(index);
  }

  /** Chunks that are claimed, and not checked yet. */
  get claimed(): Bitmap {
    return this.#claimed;
  }

  /** The hashes of a page are known for the first time. */
  onPage(page: number): void {
    if (this.#claimed.count === 0) return;
    this.#pages.push(page);
    this.#check();
  }

  /** A chunk was compared with its hash. @returns whether it had been claimed */
  onChecked(index: number): boolean {
    this.#checks -= 1;
    const wasClaimed = this.#claimed.clear(index);
    this.#check();
    return wasClaimed;
  }

  /**
   * Adds to missing chunks one of each page that nobody sent: with the chunk comes its page, for
   * which the others wait. None while checks are under way.
   *
   * @returns ascending, at most as many as may be wanted at once
   */
  withPages(missing: Iterable<number>): readonly number[] {
    const indexes = [...missing];
    const { pages } = this.#content;
    let index = this.#checks > 0 ? -1 : this.#claimed.firstSet(0);
    while (index !== -1) {
      if (pages.hashOf(index) === undefined) indexes.push(index);
      index = this.#claimed.firstSet((pages.pageOf(index) + 1) * pages.perPage);
    }
    return indexes.sort((one, other) => one - other).slice(0, wireLimits.wantedChunks);
  }

  #check(): void {
    while (this.#checks < this.#mostChecks && this.#next < this.#pages.length) {
      const index = this.#take();
      const hash = index === undefined ? undefined : this.#content.pages.hashOf(index);
      if (index === undefined || hash === undefined) continue;
      this.#checks += 1;
      this.#context.emit({ type: "check-leftover", index, hash });
    }
    if (this.#next < this.#pages.length) return;
    this.#pages = [];
    this.#next = 0;
  }

  /** The next chunk to check of the first page; undefined, and on to the next page, without one. */
  #take(): number | undefined {
    const { pages } = this.#content;
    const page = this.#pages[this.#next] as number;
    const index = this.#claimed.firstSet(Math.max(page * pages.perPage, this.#checkedTo + 1));
    if (index !== -1 && pages.pageOf(index) === page) {
      this.#checkedTo = index;
      return index;
    }
    this.#checkedTo = -1;
    this.#next += 1;
    return undefined;
  }
}
