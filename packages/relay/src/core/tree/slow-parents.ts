import type { Invite, PeerInfo } from "@palmtree/wire";
import type { Standing } from "../completion/verdicts.js";
import type { Context } from "../context.js";
import type { ConnectionId } from "../event.js";
import type { SinkFlow } from "../transfer/sink.js";

/** How often it is looked at. */
const lookMs = 1_000;

/** Rates are compared over a window at least so long, in which somebody gained so many chunks. */
const windowMs = 2_000;
const windowChunks = 16;

/**
 * What an eighth of all reach, all could, but no more than what the root sent its best child: what was on
 * a disk from before came over no link, and what somebody makes up neither.
 */
const leadingShare = 1 / 8;

/** Who takes less than this share of it is slow: shares of a parent are a half, a third ... */
const slowShare = 0.6;

/** ... if it lacks so many of the chunks that there are, and will lose this much with all that it lacks. */
const behindChunks = 16;
const worthwhileMs = 2_000;

/** Pause before the same peer is told again; doubles each time. */
const retellMs = 2_000;

/** Who was slow below so many parents that were not slow themselves is slow by itself, and stays. */
const mostDoubts = 2;

/** Peers that are told at one look: each of them looks for a place. */
const mostToldAtOnce = 32;

/** What is known of one receiver's way. */
interface Course {
  readonly peer: PeerInfo;
  /** As it told last; undefined before it did. */
  parent: number | undefined;
  chunksHeld: number;
  /** Whether it has everything, or has failed. */
  isOver: boolean;
  /** Chunks that it held when the window began. */
  chunksBefore: number;
  /** Whether it had chunks then, and the parent that it has now. */
  isSteady: boolean;
  /** Windows that it has had everything in from the beginning. */
  windowsOver: number;
  /** Chunks in a millisecond, below its parent, over the last window; undefined before there was one. */
  rate: number | undefined;
  /** Whether that is the window that has just ended. */
  isMeasured: boolean;
  /** The parent that it was last told to leave. */
  toldParent: number | undefined;
  toldCount: number;
  toldUntil: number;
}

/** What one parent's children get, in chunks a millisecond. */
interface Output {
  /** All of them together, now. */
  sum: number;
  /** The one that gets most, or got, before it had everything. */
  most: number;
  /** Those that are counted in the sum. */
  count: number;
}

const noOutput: Output = { sum: 0, most: 0, count: 0 };

/** What the root sees at one moment. */
export interface SwarmView {
  /** Of all receivers. */
  readonly standings: Iterable<Standing>;
  /** To the root's own children. */
  readonly flows: readonly Pick<SinkFlow, "connection" | "bytesSent">[];
  /** Chunks that there will be, at most, their size, and those that there are. */
  readonly extent: {
    readonly chunkCount: number;
    readonly chunkSizeBytes: number;
    readonly held: { readonly count: number };
  };
}

/**
 * The root's part in strategy `tree`, where all chunks come from the parent: finds the receivers that are
 * held up by theirs, and tells them to look for another. None of the two can see that by itself, since
 * from below every parent looks alike; the root knows how far all are, and who is whose parent.
 *
 * A parent that gets on itself is at fault when all its children together get too little. One that is slow
 * is at fault when it is so by itself: its siblings get more, or it was slow below another parent too. Who
 * hangs below a slow one that is not at fault stays, and moves with it.
 *
 * Rates are compared over common windows. What is told takes its time up the tree, a quarter of a second
 * for each level: so no window is judged in which the flow began, or began again after a second in which
 * nobody gained anything. Who has everything keeps the rate that it had.
 */
export class SlowParents {
  readonly #context: Context;
  readonly #courses = new Map<number, Course>();
  readonly #outputs = new Map<number, Output>();
  /** Those of which the user knows. */
  readonly #reported = new Set<number>();
  /** What each child of the root's had been sent when the window began, in bytes. */
  #sentBefore = new Map<ConnectionId, number>();
  /** The most that the root has sent one of them in a window, in chunks a millisecond. */
  #supply = 0;
  #chunksAtLook = 0;
  #isSettled = false;
  #beganAt = 0;
  #lookAt: number | undefined;
  /** The rate below which a receiver is slow, by the window that has just ended. */
  #least = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Chunks begin to flow. In a pipeline they do not come from parents, and in a chain there is no other. */
  start({ strategy, fanout }: Pick<Invite, "strategy" | "fanout">): void {
    if (strategy !== "tree" || fanout === 1) return;
    this.#beganAt = this.#context.now;
    this.#lookAt = this.#context.now + lookMs;
  }

  deadline(): number | undefined {
    return this.#lookAt;
  }

  /** @param look what the root sees; asked for only where something is due */
  onTick(look: () => SwarmView): void {
    const { now } = this.#context;
    if (this.#lookAt === undefined || this.#lookAt > now) return;
    this.#lookAt = now + lookMs;
    const view = look();
    for (const standing of view.standings) this.#note(standing, view.extent.chunkCount);
    if (this.#isStill()) this.#isSettled = false;
    else if (!this.#isWindowOver()) return;
    else if (this.#isSettled) this.#judge(view);
    else this.#isSettled = true;
    this.#beginWindow(view);
  }

  #note({ peer, entry, result }: Standing, chunkCount: number): void {
    const course = this.#courses.get(peer.number) ?? newCourse(peer);
    this.#courses.set(peer.number, course);
    const { parent, chunksHeld = 0 } = entry ?? {};
    if (parent !== course.parent) {
      course.parent = parent;
      course.isSteady = false;
      course.rate = undefined;
    }
    // Others had said more of it than was so.
    if (chunksHeld < course.chunksBefore) {
      course.chunksBefore = chunksHeld;
      course.isSteady = false;
    }
    course.chunksHeld = chunksHeld;
    course.isOver = result !== undefined || chunksHeld >= chunkCount;
  }

  /** Whether nobody has gained anything since the last look. */
  #isStill(): boolean {
    let chunks = 0;
    for (const { chunksHeld } of this.#courses.values()) chunks += chunksHeld;
    const isStill = chunks <= this.#chunksAtLook;
    this.#chunksAtLook = chunks;
    return isStill;
  }

  #isWindowOver(): boolean {
    if (this.#context.now < this.#beganAt + windowMs) return false;
    for (const { chunksHeld, chunksBefore } of this.#courses.values())
      if (chunksHeld - chunksBefore >= windowChunks) return true;
    return false;
  }

  #beginWindow({ flows }: SwarmView): void {
    this.#beganAt = this.#context.now;
    for (const course of this.#courses.values()) {
      course.chunksBefore = course.chunksHeld;
      course.isSteady = course.chunksHeld > 0;
      course.windowsOver += course.isOver ? 1 : 0;
    }
    this.#sentBefore = new Map(flows.map(({ connection, bytesSent }) => [connection, bytesSent]));
  }

  #judge(view: SwarmView): void {
    this.#measure(view);
    const heldUp: Course[] = [];
    for (const course of this.#courses.values()) {
      if (heldUp.length === mostToldAtOnce) break;
      if (this.#isHeldUp(course, view.extent)) heldUp.push(course);
    }
    for (const course of heldUp) this.#tell(course);
  }

  #measure({ flows, extent }: SwarmView): void {
    const tookMs = this.#context.now - this.#beganAt;
    const rates: number[] = [];
    this.#outputs.clear();
    for (const course of this.#courses.values()) {
      const { chunksHeld, chunksBefore, isSteady, isOver } = course;
      course.isMeasured = isSteady && !isOver;
      if (course.isMeasured) course.rate = (chunksHeld - chunksBefore) / tookMs;
      if (course.rate === undefined) continue;
      rates.push(course.rate);
      this.#count(course, course.rate);
    }
    rates.sort((one, other) => other - one);
    const leading = rates[Math.floor(rates.length * leadingShare)] ?? 0;
    const sent = flows.map(
      ({ connection, bytesSent }) => bytesSent - (this.#sentBefore.get(connection) ?? 0),
    );
    const most = Math.max(0, ...sent);
    this.#supply = Math.max(this.#supply, most / extent.chunkSizeBytes / tookMs);
    this.#least = slowShare * Math.min(leading, this.#supply);
  }

  #count({ parent, isMeasured, isOver }: Course, rate: number): void {
    if (parent === undefined || !(isMeasured || isOver)) return;
    const { sum, most, count } = this.#outputs.get(parent) ?? noOutput;
    this.#outputs.set(parent, {
      sum: sum + (isMeasured ? rate : 0),
      most: Math.max(most, rate),
      count: count + (isMeasured ? 1 : 0),
    });
  }

  #isHeldUp(course: Course, { chunkCount, held }: SwarmView["extent"]): boolean {
    const { parent, chunksHeld, rate = 0, toldCount, toldUntil } = course;
    if (parent === undefined || parent === 0 || this.#context.now < toldUntil) return false;
    // Who is not behind waits for the source, as all do.
    if (!this.#isSlow(course) || held.count - chunksHeld < behindChunks) return false;
    const chunksLacked = chunkCount - chunksHeld;
    const losesMs = chunksLacked / rate - (chunksLacked * slowShare) / this.#least;
    if (losesMs < worthwhileMs) return false;
    const above = this.#courses.get(parent);
    if (above === undefined) return false;
    if (this.#isSlow(above)) return this.#isSlowByItself(above);
    return toldCount < mostDoubts && this.#givesTooLittle(above);
  }

  /** Of the root that is not asked; who has everything is as fast as it was. */
  #isSlow({ rate, isMeasured }: Course): boolean {
    return isMeasured && rate !== undefined && rate < this.#least;
  }

  /**
   * Whether a parent that gets on itself serves none of its children well, and not all together. One that
   * came to have everything only lately had less to give before; and news of what it gives now is late too.
   */
  #givesTooLittle({ peer, isMeasured, windowsOver }: Course): boolean {
    const { sum, most } = this.#outputs.get(peer.number) ?? noOutput;
    return (isMeasured || windowsOver > 1) && sum < this.#least && most < this.#least;
  }

  /** Whether it is not its own parent that makes this one slow. */
  #isSlowByItself({ parent, rate = 0, toldParent }: Course): boolean {
    if (parent === undefined) return false;
    const above = this.#courses.get(parent);
    if (above !== undefined && this.#isSlow(above)) return false;
    const wasSlowElsewhere = toldParent !== undefined && toldParent !== parent;
    return wasSlowElsewhere || rate < slowShare * (this.#outputs.get(parent) ?? noOutput).most;
  }

  #tell(course: Course): void {
    const parent = course.parent as number;
    course.toldUntil = this.#context.now + retellMs * 2 ** course.toldCount;
    course.toldCount += 1;
    course.toldParent = parent;
    this.#context.send(course.peer, { type: "reparent", parent });
    // Of an only child nobody knows yet whether it is not slow itself.
    const above = this.#courses.get(parent);
    const isCertain = above !== undefined && this.#isSlow(above);
    const isShared = (this.#outputs.get(parent) ?? noOutput).count > 1;
    if (this.#reported.has(parent) || !(isCertain || isShared)) return;
    this.#reported.add(parent);
    this.#context.emit({ type: "report-step", step: { type: "demoted", number: parent } });
  }
}

function newCourse(peer: PeerInfo): Course {
  return {
    peer,
    parent: undefined,
    chunksHeld: 0,
    isOver: false,
    chunksBefore: 0,
    isSteady: false,
    windowsOver: 0,
    rate: undefined,
    isMeasured: false,
    toldParent: undefined,
    toldCount: 0,
    toldUntil: 0,
  };
}
