import type { Invite, Strategy } from "@palmtree/wire";
import type { Context } from "../context.js";
import type { Relay } from "../relay.js";
import { isWasteful } from "../transfer/inlets.js";
import { type Intake, slowBytesPerMs } from "../transfer/intake.js";

/** What an invitation says that the patience with a parent depends on. */
type Promised = Pick<
  Invite,
  "strategy" | "timeoutMs" | "fanout" | "chunkSizeBytes" | "manifestBytes"
>;

/** How often it is looked at. */
const lookMs = 500;

/**
 * A parent may give no chunk for a fifteenth of the time-out, at least and at most for this long: the
 * root's source may stand still. The seal exists when it is awaited; the manifest may come only when
 * the tree spans, for which the root waits a while. A parent may wait for its own: so the time doubles
 * with each that is left.
 */
const leastPatienceMs = 2_000;
const mostPatienceMs = 10_000;

/** Recalls for no reason, one a second, after which the parent is taken to swallow what is told. */
const mostRecalls = 4;
const recallMs = 1_500;

/** What a receiver waits for that only its parent can give. */
type Need = "nothing" | "manifest" | "chunks" | "seal";

/** What is overdue if it does not come; the seal comes once all chunks are here. */
function needOf({ content, manifest, isHoldingBack }: Intake, strategy: Strategy): Need {
  if (content === undefined) return manifest === undefined ? "manifest" : "nothing";
  if (content.isOpen || isHoldingBack) return "nothing";
  if (!content.held.isFull) return strategy === "tree" ? "chunks" : "nothing";
  return content.seal === undefined ? "seal" : "nothing";
}

/**
 * Notices a parent that answers, and does not do what a parent is for: passes nothing on down, or up.
 * Nobody can prove that, so it is not blamed, only left. The root is always given time: there is no
 * other.
 */
export class ParentWatch {
  readonly #context: Context;
  readonly #relay: Relay;
  readonly #invite: Promised;
  #parent: number | undefined;
  #need: Need = "nothing";
  #gaveAt = 0;
  /** Whether somebody below is known to have the manifest, so that the root keeps it back no longer. */
  #isManifestOut = false;
  #leftCount = 0;
  #lookAt: number | undefined;
  #recalledAt = Number.NEGATIVE_INFINITY;
  #recalls = 0;

  constructor(context: Context, relay: Relay, invite: Promised) {
    this.#context = context;
    this.#relay = relay;
    this.#invite = invite;
  }

  onParent(number: number | undefined): void {
    this.#parent = number;
    this.#recalls = 0;
    this.#lookAt = number === undefined || number === 0 ? undefined : this.#context.now + lookMs;
    this.onGift();
  }

  /** Something came that was waited for. */
  onGift(): void {
    this.#gaveAt = this.#context.now;
  }

  /** Somebody else has the manifest open. */
  onManifestElsewhere(): void {
    if (this.#isManifestOut) return;
    this.#isManifestOut = true;
    this.onGift();
  }

  deadline(): number | undefined {
    return this.#lookAt;
  }

  /** @param intake what comes in; undefined where nothing is awaited any more */
  onTick(intake: Intake | undefined): void {
    const { now } = this.#context;
    if (this.#lookAt === undefined || this.#lookAt > now) return;
    this.#lookAt = now + lookMs;
    const need = intake === undefined ? "nothing" : needOf(intake, this.#invite.strategy);
    if (need !== this.#need) this.onGift();
    this.#need = need;
    const isPatient = need === "nothing" || now < this.#gaveAt + this.#patienceMs;
    // In a tree it sends again what it had sent, instead of what is needed.
    const isWasted = need === "chunks" && intake?.flows.some(isWasteful) === true;
    if (!isPatient || isWasted) this.#leave();
  }

  /**
   * The root calls, because it has heard nothing of this peer for two seconds. When that goes on
   * although there was something to hear, the parent does not pass on what it is told.
   *
   * @param toldAt when it last told its parent something
   * @param isOver whether it has told how it ended, after which the root should know all
   */
  onRecall(toldAt: number, isOver: boolean): void {
    const { now } = this.#context;
    const isInRow = now < this.#recalledAt + recallMs;
    const isWrong = isInRow && (isOver || toldAt > this.#recalledAt);
    this.#recalledAt = now;
    this.#recalls = isWrong ? this.#recalls + 1 : 0;
    if (this.#recalls < mostRecalls) return;
    this.#recalls = 0;
    this.#leave();
  }

  /** It is not blamed for what nobody can prove; another one is looked for. */
  #leave(): void {
    this.#leftCount += 1;
    if (this.#parent !== undefined && this.#parent !== 0) this.#relay.partFromParent();
  }

  get #patienceMs(): number {
    const { timeoutMs, fanout } = this.#invite;
    const { formationTimeoutMs } = this.#context.options;
    const shareMs = this.#need === "chunks" ? timeoutMs / 15 : 0;
    const isKeptBack = this.#need === "manifest" && !this.#isManifestOut;
    const formingMs = isKeptBack ? formationTimeoutMs : 0;
    const base = formingMs + Math.min(mostPatienceMs, Math.max(leastPatienceMs, shareMs));
    const transferMs = (fanout * this.#awaitedBytes) / slowBytesPerMs;
    return (base + transferMs) * 2 ** Math.min(5, this.#leftCount);
  }

  /** What has to come whole, through the parent to each of its children, before it counts. */
  get #awaitedBytes(): number {
    const { manifestBytes, chunkSizeBytes } = this.#invite;
    if (this.#need === "chunks") return chunkSizeBytes;
    // It is passed on when it is whole: once for each peer above.
    return this.#need === "manifest" ? manifestBytes * Math.max(1, this.#relay.tree.depth) : 0;
  }
}
