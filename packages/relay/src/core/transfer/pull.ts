import { Bitmap } from "@palmtree/files/core";
import type { ChunkRun, RefuseReason } from "@palmtree/wire";
import type { Context } from "../context.js";
import type { ConnectionId } from "../event.js";
import { runsOf } from "./chunk-runs.js";
import { type PullPolicy, pullPolicies } from "./pull-policy.js";

/** Chunks asked of one helper at once: as many, and as few where each takes longer than it should. */
export const mostAsked = 16;
const leastAsked = 2;

/** What was asked for should come within this, or something else. */
const answerMs = 500;

/** Beyond this it may be asked of another, whatever else comes. */
const mostAnswerMs = 5_000;

/** How long a helper that was busy, or did not answer, is not asked. */
const restMs = 500;

/** Someone who may be asked for chunks, and what it said that it holds. */
interface Helper {
  readonly held: Bitmap;
  isIdle: boolean;
  readonly asked: Map<number, number>;
  /** How many chunks may be asked of it at once. */
  window: number;
  restsUntil: number;
}

/** What a puller misses, and why it may ask. */
export interface Hunger {
  /** Finds the chunks that are here or being verified: looked at near the end only. */
  readonly findHeld: () => Bitmap;
  /** Chunks that should have come: by whom they are sent has stalled. The lowest first. */
  readonly overdue: readonly number[];
  /** Every chunk exists by now, so that the idle may be asked for the last ones. */
  readonly isTail: boolean;
}

/**
 * Asks others for chunks that the plan does not bring in time: what is *overdue*, of whoever holds
 * it, in the order of a policy; and at the end the last ones, of those that are *idle*, while the first of
 * what is missing still comes from the source. Nothing is asked of two peers at once, but for what
 * has not come in half a second, though nothing else came either, or in five.
 */
export class Pull {
  readonly #context: Context;
  readonly #helpers = new Map<ConnectionId, Helper>();
  /** When a chunk came last, from anybody: others may wait behind it, on the way here. */
  #cameAt = Number.NEGATIVE_INFINITY;

  constructor(context: Context) {
    this.#context = context;
  }

  get helperCount(): number {
    return this.#helpers.size;
  }

  add(connection: ConnectionId, chunkCount: number): void {
    if (this.#helpers.has(connection)) return;
    this.#helpers.set(connection, {
      held: new Bitmap(chunkCount),
      isIdle: false,
      asked: new Map(),
      window: leastAsked,
      restsUntil: Number.NEGATIVE_INFINITY,
    });
  }

  /** The chunk behind the last one that somebody says is held. */
  get claimedEnd(): number {
    let end = 0;
    for (const { held } of this.#helpers.values()) end = Math.max(end, held.end);
    return end;
  }

  /** A stream has ended: there are no chunks beyond. */
  end(chunkCount: number): void {
    for (const { held } of this.#helpers.values()) held.truncate(chunkCount);
  }

  remove(connection: ConnectionId): void {
    this.#helpers.delete(connection);
  }

  onHave(connection: ConnectionId, isIdle: boolean, runs: readonly ChunkRun[]): void {
    const helper = this.#helpers.get(connection);
    if (helper === undefined) return;
    helper.isIdle = isIdle;
    for (const { first, count } of runs) helper.held.setRun(first, count);
  }

  /** @returns what is wrong, if something is */
  onRefuse(connection: ConnectionId, index: number, reason: RefuseReason): string | undefined {
    const helper = this.#helpers.get(connection);
    // Of what was not asked, a refusal says nothing.
    if (helper?.asked.delete(index) !== true) return undefined;
    if (reason === "busy") {
      helper.restsUntil = this.#context.now + restMs;
      return undefined;
    }
    // What can no longer be read was held, and is no lie.
    const isLie = reason === "not-held" && helper.held.has(index);
    helper.held.clear(index);
    return isLie ? `a refusal of chunk ${index}, which it said it has` : undefined;
  }

  /** The chunk is here, from there. @returns whether it had been asked for */
  onChunk(index: number, from: ConnectionId): boolean {
    this.#cameAt = this.#context.now;
    let wasAsked = false;
    for (const [connection, helper] of this.#helpers) {
      const askedAt = helper.asked.get(index);
      if (askedAt === undefined) continue;
      helper.asked.delete(index);
      wasAsked = true;
      if (connection === from) noteAnswer(helper, askedAt, this.#context.now);
    }
    return wasAsked;
  }

  /** Ask for what may be asked for now. @returns whether something overdue has nobody to ask */
  ask(hunger: Hunger): boolean {
    this.#forget();
    const { pullPolicy } = this.#context.options;
    if (pullPolicy !== "none") this.#askHelpers(hunger, pullPolicies[pullPolicy]);
    return hunger.overdue.some((index) => !this.#isAsked(index) && !this.#mayAsk(index));
  }

  #askHelpers({ findHeld, overdue, isTail }: Hunger, policy: PullPolicy): void {
    let held: Bitmap | undefined;
    for (const [connection, helper] of this.#helpers) {
      const room = helper.window - helper.asked.size;
      if (helper.restsUntil > this.#context.now || room <= 0) continue;
      let chosen = this.#overdueOf(helper, overdue, policy, room);
      if (chosen.length === 0 && isTail && helper.isIdle) {
        held ??= findHeld();
        chosen = this.#lastOf(helper, held, room);
      }
      if (chosen.length > 0) this.#want(connection, helper, chosen);
    }
  }

  #want(connection: ConnectionId, { asked }: Helper, chosen: readonly number[]): void {
    for (const index of chosen) asked.set(index, this.#context.now);
    const frame = { type: "want", runs: runsOf(chosen.toSorted((a, b) => a - b)) } as const;
    this.#context.emit({ type: "send-frame", connection, frame });
  }

  /** What is overdue and nobody was asked for, as the policy has it. */
  #overdueOf(
    helper: Helper,
    overdue: readonly number[],
    policy: PullPolicy,
    room: number,
  ): readonly number[] {
    const late = overdue
      .filter((index) => helper.held.has(index) && !this.#isAsked(index))
      .map((index) => ({ index, holders: this.#holders(index) }));
    return late.length > 0 ? policy(late, room, this.#context.random) : [];
  }

  /** From the end, since what is missing at the beginning is on its way already. */
  #lastOf(helper: Helper, held: Bitmap, room: number): readonly number[] {
    const chosen: number[] = [];
    const first = held.firstClear(0);
    let index = helper.held.lastIn(held, held.size);
    while (index > first + mostAsked && chosen.length < room) {
      if (!this.#isAsked(index)) chosen.push(index);
      index = helper.held.lastIn(held, index);
    }
    return chosen;
  }

  #isAsked(index: number): boolean {
    for (const { asked } of this.#helpers.values()) if (asked.has(index)) return true;
    return false;
  }

  /** Whether somebody holds it who answers: many may say that they hold it. */
  #mayAsk(index: number): boolean {
    for (const { held, restsUntil } of this.#helpers.values())
      if (restsUntil <= this.#context.now && held.has(index)) return true;
    return false;
  }

  #holders(index: number): number {
    let holders = 0;
    for (const { held } of this.#helpers.values()) if (held.has(index)) holders += 1;
    return holders;
  }

  /** What has not come in time may be asked of another. */
  #forget(): void {
    const { now } = this.#context;
    for (const helper of this.#helpers.values())
      for (const [index, at] of helper.asked) {
        if (Math.max(at, this.#cameAt) + answerMs > now && at + mostAnswerMs > now) continue;
        helper.asked.delete(index);
        helper.restsUntil = now + restMs;
        helper.window = leastAsked;
      }
  }
}

/**
 * What takes long waits behind what was asked before: of a slow helper, or over a slow link, fewer are
 * asked, so that another can help out, and nothing is asked twice that is on its way.
 */
function noteAnswer(helper: Helper, askedAt: number, now: number): void {
  const isLate = now >= askedAt + answerMs;
  helper.window = isLate
    ? Math.max(leastAsked, Math.floor(helper.window / 2))
    : Math.min(mostAsked, helper.window + 1);
}
