import type { Address } from "@palmtree/wire";

/** Some hosts are cut off from all others, and among themselves are not. Nobody is told. */
export interface Cut {
  readonly addresses: ReadonlySet<Address>;
  /** `out`: nothing leaves them. `in`: nothing reaches them. */
  readonly way: "both" | "out" | "in";
  /** When it heals. */
  readonly untilMs: number;
}

/** Who cannot reach whom, and until when. */
export class Partitions {
  readonly #cuts: Cut[] = [];

  add(cut: Cut): void {
    this.#cuts.push(cut);
  }

  /** From when on packets get through from one host to another; in the past where they do now. */
  opensAt(from: Address, to: Address): number {
    let opensAt = Number.NEGATIVE_INFINITY;
    for (const { addresses, way, untilMs } of this.#cuts) {
      const [isOut, isIn] = [addresses.has(from), addresses.has(to)];
      if (isOut === isIn || way === (isOut ? "in" : "out")) continue;
      opensAt = Math.max(opensAt, untilMs);
    }
    return opensAt;
  }
}
