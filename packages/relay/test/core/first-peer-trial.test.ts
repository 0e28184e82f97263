import { describe, expect, test } from "vitest";
import { FirstPeerTrial, type TrialVerdict } from "../../src/core/plan/first-peer-trial.js";

const megabyte = 1_000_000;
const totalBytes = 1_000 * megabyte;

interface Verdict {
  readonly at: number;
  readonly verdict: TrialVerdict;
}

/** The root's chain, in which each peer takes so many bytes a second once it is the first. */
class Chain {
  readonly verdicts: Verdict[] = [];
  readonly #trial = new FirstPeerTrial();
  readonly #rateOf: (number: number, now: number) => number;
  readonly #totalBytes: number;
  #line: number[];
  #now = 0;
  #sent = 0;
  #sentToAll = 0;

  constructor(line: number[], rateOf: (number: number, now: number) => number, total = totalBytes) {
    this.#line = line;
    this.#rateOf = rateOf;
    this.#totalBytes = total;
  }

  get line(): readonly number[] {
    return this.#line;
  }

  /** The root looks every tenth of a second. */
  pass(until: number): this {
    for (; this.#now <= until; this.#now += 100) {
      const number = this.#line[0] as number;
      const bytes = this.#rateOf(number, this.#now) / 10;
      this.#sent += bytes;
      this.#sentToAll += bytes;
      const bytesLeft = this.#totalBytes - this.#sentToAll;
      const verdict = this.#trial.look({ number, bytesSent: this.#sent, bytesLeft }, this.#now);
      if (verdict !== undefined) this.#heed(verdict);
    }
    return this;
  }

  #heed(verdict: TrialVerdict): void {
    this.verdicts.push({ at: this.#now, verdict });
    const others = this.#line.filter((number) => number !== verdict.number);
    const first = this.#line[0];
    this.#line = verdict.type === "rotate" ? [...others, verdict.number] : others;
    if (this.#line[0] !== first) this.#sent = 0;
  }
}

describe("a trial of the first peer", () => {
  test("finds that it is slow: another one is first for a moment, takes clearly more, and stays", () => {
    const chain = new Chain([1, 2, 3], (number) => (number === 1 ? 1 : 10) * megabyte);
    chain.pass(2_500);
    expect(chain.verdicts).toEqual([
      { at: 1_000, verdict: { type: "rotate", number: 1 } },
      { at: 2_100, verdict: { type: "demote", number: 1 } },
    ]);
    expect(chain.line).toEqual([2, 3]);
  });

  test("finds several slow ones, one at once after the other", () => {
    const rates = [0, 1, 2, 20, 20];
    const chain = new Chain([1, 2, 3, 4], (number) => (rates[number] as number) * megabyte);
    chain.pass(5_000);
    const demoted = chain.verdicts.filter(({ verdict }) => verdict.type === "demote");
    expect(demoted.map(({ verdict }) => verdict.number)).toEqual([1, 2]);
    expect(new Set(chain.line)).toEqual(new Set([3, 4]));
  });

  test("that finds nothing leaves everybody in line, and the next one waits four times as long", () => {
    const chain = new Chain([1, 2, 3], () => megabyte / 10);
    chain.pass(400_000);
    expect(chain.verdicts.every(({ verdict }) => verdict.type === "rotate")).toBe(true);
    const [first = 0, second = 0, third = 0, fourth] = chain.verdicts.map(({ at }) => at);
    expect(first).toBe(1_000);
    expect(second - first).toBeGreaterThanOrEqual(20_000);
    expect(second - first).toBeLessThan(23_000);
    expect(third - second).toBeGreaterThanOrEqual(80_000);
    expect(third - second).toBeLessThan(83_000);
    expect(fourth).toBeUndefined();
  });

  test("is not worth it where the rest takes less than 20 s", () => {
    const rest = (seconds: number): readonly Verdict[] =>
      new Chain([1, 2, 3], () => megabyte, seconds * megabyte).pass(30_000).verdicts;
    expect(rest(20)).toEqual([]);
    expect(rest(22)).toHaveLength(1);
  });

  test("is not begun while nothing flows: that is trouble of another kind", () => {
    expect(new Chain([1, 2, 3], () => 0).pass(60_000).verdicts).toEqual([]);
  });

  test("does not take a somewhat quicker peer for a reason", () => {
    const chain = new Chain([1, 2, 3], (number) => (number === 1 ? 1 : 1.45) * megabyte);
    chain.pass(15_000);
    expect(chain.verdicts.map(({ verdict }) => verdict.type)).toEqual(["rotate"]);
  });

  test("gives a feed half a second to get going before it is measured", () => {
    // Whoever becomes the first later takes nothing for 400 ms, and then twice as much.
    let since: number | undefined;
    const chain = new Chain([1, 2, 3], (number, now) => {
      if (number === 1) return megabyte;
      since ??= now;
      return now < since + 400 ? 0 : 2 * megabyte;
    });
    chain.pass(2_500);
    expect(chain.verdicts.map(({ verdict }) => verdict)).toEqual([
      { type: "rotate", number: 1 },
      { type: "demote", number: 1 },
    ]);
  });
});
