import type { Address, ControlMessage, PeerInfo } from "@palmtree/wire";
import { Accusations } from "../blame/accusations.js";
import type { Standing } from "../completion/verdicts.js";
import { type Context, earlier } from "../context.js";
import type { Relay } from "../relay.js";
import type { RootPlan } from "../root-plan.js";
import type { Content } from "../transfer/content.js";
import { SlowParents } from "../tree/slow-parents.js";
import { Assignment } from "./assignment.js";
import { fastestPlan } from "./plan-choice.js";

/** What the root knows, and the parts of it that carry out where chunks go. */
interface Helm {
  readonly plan: RootPlan;
  readonly relay: Relay;
  readonly content: Content;
  /** Of a peer that takes part. */
  readonly addressOf: (number: number) => Address | undefined;
  /** How far each receiver is. */
  readonly standings: () => Iterable<Standing>;
}

/**
 * The root's part in where chunks go: in a pipeline it gives each peer its place in the plan, and another
 * one when something is wrong there; in a tree it tells those that their parent holds up.
 */
export class Steering {
  readonly #context: Context;
  readonly #helm: Helm;
  readonly #accusations: Accusations;
  readonly #slowParents: SlowParents;
  #assignment: Assignment | undefined;

  constructor(context: Context, helm: Helm) {
    this.#context = context;
    this.#helm = helm;
    this.#accusations = new Accusations(context, helm.addressOf);
    this.#slowParents = new SlowParents(context);
  }

  /**
   * Everybody knows its neighbours: choose the plan that is fastest for so many, and tell each its place.
   *
   * @param peers - all peers, the root first, in the order of their positions
   */
  assign(peers: readonly PeerInfo[]): void {
    const peerCount = peers.length;
    if (peerCount < 2) return;
    const { plan, content, relay } = this.#helm;
    const kind = plan.planKind ?? fastestPlan(peerCount, content);
    this.#context.emit({ type: "report-step", step: { type: "planned", kind, peerCount } });
    this.#assignment = new Assignment(this.#context, kind, peers, (sinks) => relay.feed(sinks));
    this.#assignment.start();
  }

  /** The tree spans, and chunks flow down it. */
  watchTree(): void {
    this.#slowParents.start(this.#helm.plan.invite);
  }

  /** A latecomer takes part. */
  append(peer: PeerInfo): void {
    this.#assignment?.append(peer);
  }

  /** That peer is out of the session. */
  remove(number: number): void {
    this.#assignment?.remove(number);
  }

  onPlanAck(number: number, revision: number): void {
    this.#assignment?.onAck(number, revision);
  }

  /** @param from - whoever says so; 0 is the root itself */
  onTrouble(from: number, trouble: Extract<ControlMessage, { type: "trouble" }>): void {
    this.#assignment?.onTrouble(from, trouble);
  }

  /** One peer says of another one that it broke the rules. */
  onBlame(from: number, number: number, code: string, message: string): void {
    if (this.#accusations.note(from, number, code, message))
      this.#assignment?.onBlame(from, number, this.#accusations.countOf(number));
  }

  onTick(): void {
    const { relay, content, standings } = this.#helm;
    this.#assignment?.onTick();
    this.#assignment?.review(relay.distribution.flows, content.expectedBytes);
    this.#slowParents.onTick(() => ({
      standings: standings(),
      flows: relay.distribution.flows,
      extent: content,
    }));
  }

  deadline(): number | undefined {
    return earlier(this.#assignment?.deadline(), this.#slowParents.deadline());
  }
}
