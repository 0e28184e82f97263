import { type ProgressEntry, type Report, toHex } from "@palmtree/wire";
import type { Context } from "../context.js";
import type { Links } from "../link/links.js";

/** Entries in one progress frame; there could be four times as many. */
const mostEntries = 1_024;

/** Reports of others that are kept for a new parent, the newest: some may be made up. */
const mostReports = 16_384;

/**
 * Characters of all details that are kept: 1,024 long ones. Who invents 65,536 peers that have failed,
 * each with a detail of 1 KiB, makes nobody keep 64 MiB.
 */
const mostDetailCharacters = 2 ** 20;

/**
 * What a peer knows of itself and of those below it, on its way up the tree: sizes, progress and
 * reports. A new parent is told everything again, so that nothing is lost with the old one; the
 * root keeps one entry and one report per peer, so that nothing is counted twice.
 */
export class Summary {
  readonly #context: Context;
  readonly #links: Links;
  readonly #entries = new Map<number, ProgressEntry>();
  /** Of others, by what is signed and by which key, the oldest first. */
  readonly #reports = new Map<string, Report>();
  #own: Report | undefined;
  readonly #changed = new Set<number>();
  #parent: number | undefined;
  #size = 1;
  #detailCharacters = 0;
  #sendAt: number | undefined;

  constructor(context: Context, links: Links) {
    this.#context = context;
    this.#links = links;
  }

  onParentGained(number: number): void {
    this.#parent = number;
    this.#links.send(number, { type: "subtree", size: this.#size });
    if (this.#own !== undefined) this.#links.send(number, this.#own);
    for (const report of this.#reports.values()) this.#links.send(number, report);
    for (const entry of this.#entries.keys()) this.#change(entry);
    this.#sendAt = this.#context.now;
  }

  onParentLost(): void {
    this.#parent = undefined;
  }

  onSubtreeResized(size: number): void {
    if (size === this.#size) return;
    this.#size = size;
    if (this.#parent !== undefined) this.#links.send(this.#parent, { type: "subtree", size });
  }

  /**
   * A peer's place or progress, this peer's own or one below it. One with fewer chunks is old news, told
   * again by somebody below whom that peer hung before; taken in, it would hide the newer ones.
   *
   * @param knownChunks chunks that there are, as far as this peer knows; who is said to hold more may be
   * lied about, and that must not hide what is true
   */
  note(entry: ProgressEntry, knownChunks: number): void {
    const { chunksHeld = 0 } = this.#entries.get(entry.number) ?? {};
    if (entry.chunksHeld < chunksHeld && chunksHeld <= knownChunks) return;
    this.#entries.set(entry.number, entry);
    this.#change(entry.number);
  }

  /** How this peer itself has ended. */
  conclude(report: Report): void {
    this.#own = report;
    this.#passOn(report);
  }

  /**
   * How a peer below has ended. Only the root knows whose signature it must be: so one that is made up
   * does not keep another from being passed on.
   */
  report(report: Report): void {
    const proven = provenBy(report);
    if (this.#reports.has(proven)) return;
    for (const [oldest] of this.#reports) {
      if (this.#reports.size < mostReports) break;
      this.#reports.delete(oldest);
    }
    this.#detailCharacters += report.detail.length;
    const isTooMuch = this.#detailCharacters > mostDetailCharacters;
    const kept = isTooMuch ? { ...report, detail: "" } : report;
    this.#reports.set(proven, kept);
    this.#passOn(kept);
  }

  onTick(): void {
    if (this.#sendAt !== undefined && this.#sendAt <= this.#context.now) this.#flush();
  }

  deadline(): number | undefined {
    return this.#parent === undefined ? undefined : this.#sendAt;
  }

  #passOn(report: Report): void {
    this.#flush();
    if (this.#parent !== undefined) this.#links.send(this.#parent, report);
  }

  #change(number: number): void {
    this.#changed.add(number);
    this.#sendAt ??= this.#context.now + this.#context.options.progressIntervalMs;
  }

  #flush(): void {
    if (this.#parent === undefined) return;
    this.#sendAt = undefined;
    const entries = [...this.#changed].map((number) => this.#entries.get(number) as ProgressEntry);
    this.#changed.clear();
    for (let first = 0; first < entries.length; first += mostEntries)
      this.#links.send(this.#parent, {
        type: "progress",
        entries: entries.slice(first, first + mostEntries),
      });
  }
}

/**
 * All by which the root judges a report: one that was changed on the way, and kept its signature, is another. What
 * is not signed is for people, and makes none.
 */
function provenBy({ number, status, bytes, code, publicKey, signature }: Report): string {
  return [number, status, bytes, code, toHex(publicKey), toHex(signature)].join(" ");
}
