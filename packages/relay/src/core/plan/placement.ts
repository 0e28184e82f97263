import { makePlan, type Plan, type PlanKind } from "@palmtree/topology";

/** Leaves that hang below one peer, at most: they are slow, and ask for little. */
const leavesBelow = 8;

/**
 * Who sits where in the plan. The peers in *line* fill its positions, the root first; *leaves*
 * hang below them and feed nobody but other leaves: peers that are slow or silent, so that nobody
 * waits for them. *Suspects*, of whom another one said something that nobody can prove, are the last
 * in the line of a chain, where nobody else depends on them, and they upload to each other; in other
 * plans the last in line feeds others too, so there they are leaves. *Latecomers* are a chain of
 * their own, behind the peer in line that uploads least: it has chunks that they lack and time to
 * send them, and nobody waits for them either.
 */
export class Placement {
  readonly #kind: PlanKind;
  #trusted: readonly number[];
  #suspects: readonly number[] = [];
  #leaves: readonly number[] = [];
  /** In the order in which they came: each feeds the next. */
  #latecomers: readonly number[] = [];
  readonly #cameLate = new Set<number>();
  #plan: Plan | undefined;

  /** @param numbers the peers in the order of their positions, the root (0) first */
  constructor(kind: PlanKind, numbers: readonly number[]) {
    this.#kind = kind;
    this.#trusted = numbers;
    this.#replan();
  }

  /** Peers that fill the plan's positions, in order. */
  get line(): readonly number[] {
    return this.#suspects.length === 0 ? this.#trusted : [...this.#trusted, ...this.#suspects];
  }

  /** Those of them that are suspects, the last of all. */
  get suspects(): readonly number[] {
    return this.#suspects;
  }

  get leaves(): readonly number[] {
    return this.#leaves;
  }

  get stripeCount(): number {
    return this.#plan?.stripeCount ?? 1;
  }

  get latecomers(): readonly number[] {
    return this.#latecomers;
  }

  has(number: number): boolean {
    const all = [this.#trusted, this.#suspects, this.#leaves, this.#latecomers];
    return all.some((those) => those.includes(number));
  }

  /** The peer has come late: it becomes the last of those. */
  append(number: number): void {
    this.#cameLate.add(number);
    this.#latecomers = [...this.#latecomers, number];
  }

  /** The peer becomes the last of the leaves. @returns false when it is not in the plan, or the root */
  demote(number: number): boolean {
    if (number === 0 || !this.has(number)) return false;
    this.remove(number);
    this.#leaves = [...this.#leaves, number];
    return true;
  }

  /** The peer becomes the last suspect. @returns false when it is not in the plan, or the root */
  suspect(number: number): boolean {
    if (this.#kind !== "chain") return this.demote(number);
    if (number === 0 || !this.has(number)) return false;
    this.remove(number);
    this.#suspects = [...this.#suspects, number];
    this.#replan();
    return true;
  }

  /** The peer becomes the last in line before the suspects, or the last latecomer if it is one. */
  promote(number: number): void {
    this.remove(number);
    if (this.#cameLate.has(number)) return this.append(number);
    this.#trusted = [...this.#trusted, number];
    this.#replan();
  }

  remove(number: number): void {
    this.#leaves = this.#leaves.filter((leaf) => leaf !== number);
    this.#latecomers = this.#latecomers.filter((latecomer) => latecomer !== number);
    if (!this.line.includes(number)) return;
    this.#suspects = this.#suspects.filter((suspect) => suspect !== number);
    if (this.#trusted.includes(number))
      this.#trusted = withoutOne(this.#kind, this.#trusted, number);
    this.#replan();
  }

  /** Who sends that peer the chunks of each stripe; empty for the root. */
  sourcesOf(number: number): readonly number[] {
    const { line } = this;
    const position = line.indexOf(number);
    if (position === 0) return [];
    if (position === -1) return this.#all(this.#sourceBehind(number));
    const plan = this.#plan as Plan;
    return Array.from(
      { length: plan.stripeCount },
      (_, stripe) => line[plan.parentOf(stripe, position)] as number,
    );
  }

  /** The sources of every peer but the root. */
  get sources(): ReadonlyMap<number, readonly number[]> {
    const sources = new Map<number, readonly number[]>();
    for (const number of this.line.slice(1)) sources.set(number, this.sourcesOf(number));
    for (const number of [...this.#leaves, ...this.#latecomers])
      sources.set(number, this.sourcesOf(number));
    return sources;
  }

  /** Who feeds a leaf or a latecomer. */
  #sourceBehind(number: number): number {
    const place = this.#latecomers.indexOf(number);
    if (place !== -1) return this.#latecomers[place - 1] ?? this.#idlest;
    const above = [this.#idlest, ...this.#leaves];
    return above[Math.floor(this.#leaves.indexOf(number) / leavesBelow)] as number;
  }

  #all(source: number): readonly number[] {
    return Array.from({ length: this.stripeCount }, () => source);
  }

  /** The peer in line, no suspect, that uploads least: the last of those with the fewest children. */
  get #idlest(): number {
    const plan = this.#plan;
    if (plan === undefined) return 0;
    let best = 0;
    let fewest = Number.POSITIVE_INFINITY;
    for (let position = 1; position < this.#trusted.length; position += 1) {
      let children = 0;
      for (let stripe = 0; stripe < plan.stripeCount; stripe += 1)
        children += plan.childrenOf(stripe, position).length;
      if (children > fewest) continue;
      fewest = children;
      best = position;
    }
    return this.#trusted[best] as number;
  }

  #replan(): void {
    const { length } = this.line;
    this.#plan = length < 2 ? undefined : makePlan(this.#kind, length);
  }
}

/** A chain closes up; in a tree the last one fills the gap, so that few change places. */
function withoutOne(kind: PlanKind, line: readonly number[], number: number): readonly number[] {
  if (kind === "chain") return line.filter((other) => other !== number);
  const last = line.at(-1) as number;
  return line.slice(0, -1).map((other) => (other === number ? last : other));
}
