import type { PeerInfo } from "@palmtree/wire";
import type { Standing } from "../completion/verdicts.js";
import type { Context } from "../context.js";

/** How often it is looked at. */
const lookMs = 1_000;

/** Rates are compared over a window at least so long, in which somebody gained so many chunks. */
const windowMs = 2_000;
const windowChunks = 16;

/** What an eighth of all reach, all can: neither one liar nor one lucky place sets the measure. */
const leadingShare = 1 / 8;

/** Who takes less than this share of it is slow: shares of a parent are a half, a third ... */
const slowShare = 0.6;

/** ... if it will lose this much with what it still lacks. */
const worthwhileMs = 2_000;

/** Pause before the same peer is told again; doubles each time. */
const retellMs = 2_000;

/** Peers that are told at one look: each of them looks for a place. */
const mostToldAtOnce = 32;

/** What is known of one receiver's way. */
interface Course {
  readonly peer: PeerInfo;
  /** As it told last; undefined before it did. */
  parent: number | undefined;
  chunksHeld: number;
  /** The same when the window began. */
  parentBefore: number | undefined;
  chunksBefore: number;
  /** Over the last window that it had one parent in, and chunks when it began. */
  chunksPerMs: number | undefined;
  /** Whether that is the window that has just ended. */
  isMeasured: boolean;
  hasEnded: boolean;
  /** How often it was told to look for another parent, and until when that may take. */
  toldCount: number;
  toldUntil: number;
}

/**
 * The root's part in strategy `tree`, where all chunks come from the parent: finds the receivers that are
 * held up by theirs, and tells them to look for another. None of the two can see that by itself, since
 * from below every parent looks alike; the root knows how far all are, and who is whose parent.
 *
 * A parent that gets on itself is at fault when none of its children does. One that is slow is at
 * fault when it is so by itself: its own parent serves others well, or it was slow below another too.
 * Who hangs below a slow one that is not at fault stays, and moves with it.
 *
 * Rates are compared over common windows, so that a pause of the source makes nobody slow; who has
 * everything keeps the rate that it had.
 */
export class SlowParents {
  readonly #context: Context;
  readonly #courses = new Map<number, Course>();
  /** Those of which the user knows. */
  readonly #reported = new Set<number>();
  #beganAt = 0;
  #lookAt: number | undefined;
  /** Chunks in a millisecond below which a receiver is slow, by the window that has just ended. */
  #least = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Chunks begin to flow. */
  start(): void {
    this.#beganAt = this.#context.now;
    this.#lookAt = this.#context.now + lookMs;
  }

  deadline(): number | undefined {
    return this.#lookAt;
  }

  /**
   * @param standings of all receivers
   * @param chunkCount chunks that there will be, at most
   */
  onTick(standings: Iterable<Standing>, chunkCount: number): void {
    const { now } = this.#context;
    if (this.#lookAt === undefined || this.#lookAt > now) return;
    this.#lookAt = now + lookMs;
    for (const standing of standings) this.#note(standing);
    if (!this.#isWindowOver()) return;
    this.#measure();
    const heldUp = [...this.#courses.values()].filter((course) =>
      this.#isHeldUp(course, chunkCount),
    );
    for (const course of heldUp.slice(0, mostToldAtOnce)) this.#tell(course);
    this.#beginWindow();
  }

  #note({ peer, entry, result }: Standing): void {
    let course = this.#courses.get(peer.number);
    if (course === undefined) {
      course = newCourse(peer);
      this.#courses.set(peer.number, course);
    }
    course.parent = entry?.parent;
    course.chunksHeld = entry?.chunksHeld ?? 0;
    course.hasEnded = result !== undefined;
  }

  #isWindowOver(): boolean {
    if (this.#context.now < this.#beganAt + windowMs) return false;
    for (const { chunksHeld, chunksBefore } of this.#courses.values())
      if (chunksHeld - chunksBefore >= windowChunks) return true;
    return false;
  }

  #beginWindow(): void {
    this.#beganAt = this.#context.now;
    for (const course of this.#courses.values()) {
      course.parentBefore = course.parent;
      course.chunksBefore = course.chunksHeld;
    }
  }

  /** Who began or moved in the window has not had it whole; nor has who ended in it. */
  #measure(): void {
    const tookMs = this.#context.now - this.#beganAt;
    const rates: number[] = [];
    for (const course of this.#courses.values()) {
      const { parent, parentBefore, chunksBefore, hasEnded } = course;
      course.isMeasured = parent === parentBefore && chunksBefore > 0 && !hasEnded;
      if (course.isMeasured) course.chunksPerMs = (course.chunksHeld - chunksBefore) / tookMs;
      if (course.chunksPerMs !== undefined) rates.push(course.chunksPerMs);
    }
    rates.sort((one, other) => other - one);
    this.#least = slowShare * (rates[Math.floor(rates.length * leadingShare)] ?? 0);
  }

  #isHeldUp(course: Course, chunkCount: number): boolean {
    const { parent, chunksHeld, chunksPerMs = 0, isMeasured, toldUntil } = course;
    if (!isMeasured || parent === undefined || parent === 0) return false;
    if (!this.#isSlow(course) || this.#context.now < toldUntil) return false;
    const chunksLacked = chunkCount - chunksHeld;
    const losesMs = chunksLacked / chunksPerMs - (chunksLacked * slowShare) / this.#least;
    return losesMs >= worthwhileMs && this.#isAtFault(parent);
  }

  /** Whether that parent holds up those below it, and not another one above. */
  #isAtFault(number: number): boolean {
    const course = this.#courses.get(number);
    if (course === undefined) return false;
    if (!this.#isSlow(course)) return this.#outputOf(number).sum < this.#least;
    const { parent, chunksPerMs = 0, toldCount } = course;
    if (parent === undefined || this.#isSlow(this.#courses.get(parent))) return false;
    return toldCount > 0 || chunksPerMs < slowShare * this.#outputOf(parent).most;
  }

  /** The root is not; who has ended was as fast as it was, and holds nobody up by what it lacks. */
  #isSlow(course: Course | undefined): boolean {
    if (course === undefined || course.hasEnded) return false;
    return course.chunksPerMs !== undefined && course.chunksPerMs < this.#least;
  }

  /**
   * What that parent gives, in chunks a millisecond: to all of its children now, and the most to one of
   * them, also of those that have everything since.
   */
  #outputOf(number: number): { readonly sum: number; readonly most: number } {
    let sum = 0;
    let most = 0;
    for (const { parent, isMeasured, hasEnded, chunksPerMs = 0 } of this.#courses.values()) {
      if (parent !== number) continue;
      if (isMeasured) sum += chunksPerMs;
      if (isMeasured || hasEnded) most = Math.max(most, chunksPerMs);
    }
    return { sum, most };
  }

  #tell(course: Course): void {
    const parent = course.parent as number;
    course.toldUntil = this.#context.now + retellMs * 2 ** course.toldCount;
    course.toldCount += 1;
    this.#context.send(course.peer, { type: "reparent", parent });
    if (this.#reported.has(parent)) return;
    this.#reported.add(parent);
    this.#context.emit({ type: "report-step", step: { type: "demoted", number: parent } });
  }
}

function newCourse(peer: PeerInfo): Course {
  return {
    peer,
    parent: undefined,
    chunksHeld: 0,
    parentBefore: undefined,
    chunksBefore: 0,
    chunksPerMs: undefined,
    isMeasured: false,
    hasEnded: false,
    toldCount: 0,
    toldUntil: 0,
  };
}
