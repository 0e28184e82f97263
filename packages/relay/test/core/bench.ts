import type { ControlMessage, Frame } from "@palmtree/wire";
import type { Context, Fact } from "../../src/core/context.js";
import type { Effect } from "../../src/core/effect.js";
import type { ConnectionId } from "../../src/core/event.js";
import type { PeerOptions } from "../../src/core/options.js";
import { Relay } from "../../src/core/relay.js";
import {
  address,
  framesIn,
  makeContext,
  only,
  peer,
  peers,
  type Said,
  saidIn,
  session,
  token,
} from "./parts.js";

/** One peer's links and tree, whose neighbours the test plays. Facts are passed on as they come. */
export class Bench {
  readonly context: Context;
  readonly relay: Relay;
  /** All facts so far. */
  readonly facts: Fact[] = [];
  /** All that was wanted so far. */
  readonly log: Effect[] = [];
  #accepted = 0;

  constructor({
    number = 5,
    isRoot = false,
    fanout = 2,
    neighbours = [1, 2, 3, 4],
    options = {},
  }: {
    readonly number?: number;
    readonly isRoot?: boolean;
    readonly fanout?: number;
    readonly neighbours?: readonly number[];
    readonly options?: Partial<PeerOptions>;
  } = {}) {
    this.context = makeContext(options, number);
    this.relay = new Relay(this.context, {
      session,
      fanout,
      rootId: isRoot ? this.context.id : peer(0).id,
      strategy: "tree",
    });
    this.relay.self.number = number;
    this.relay.acquaintances.list(peers(...neighbours));
  }

  get now(): number {
    return this.context.now;
  }

  /** A datagram of a neighbour; of a stranger when that is what it is. */
  hear(from: number, message: ControlMessage): readonly Effect[] {
    return this.do(() => this.relay.onControl(address(from), peer(from).id, message));
  }

  /** What is said when a neighbour says that. */
  answersTo(from: number, message: ControlMessage): Said[] {
    return saidIn(this.hear(from, message));
  }

  do(act: () => void): readonly Effect[] {
    act();
    for (let fact = this.context.nextFact(); fact !== undefined; fact = this.context.nextFact()) {
      this.facts.push(fact);
      this.relay.onFact(fact);
    }
    const effects = this.context.takeEffects();
    this.log.push(...effects);
    return effects;
  }

  /** Let time pass, tick by tick; returns all that was wanted meanwhile. */
  pass(
    until: number,
    { isHungry = false }: { readonly isHungry?: boolean } = {},
  ): readonly Effect[] {
    const effects: Effect[] = [];
    for (let due = this.relay.deadline(); due !== undefined && due <= until; ) {
      this.context.now = due;
      effects.push(...this.do(() => this.relay.onTick({ isHungry, flows: [] })));
      const next = this.relay.deadline();
      if (next !== undefined && next <= due) throw new Error(`a tick is due again at ${due}`);
      due = next;
    }
    this.context.now = until;
    return effects;
  }

  /** Get a parent: a tree check, and the upgrade that follows. Returns the connection. */
  joinUnder(parent: number, pulse: number = this.relay.tree.pulse + 1, depth = 0): ConnectionId {
    this.hear(parent, { type: "tree-check", pulse, depth });
    const [dial] = only(
      this.hear(parent, { type: "upgrade-accept", link: "tree", token: token(99) }),
      "dial",
    );
    if (dial === undefined) throw new Error(`the check of ${parent} was not accepted`);
    this.do(() => this.relay.links.onConnectionOpened(dial.connection));
    this.welcome(parent, dial.connection);
    return dial.connection;
  }

  welcome(parent: number, connection: ConnectionId): readonly Effect[] {
    const frame = { type: "welcome", peer: peer(parent).id } as const;
    return this.do(() => this.relay.connections.onGreeting(connection, frame));
  }

  /** Every neighbour rejects the checks that are under way, so that all slots but children's are free. */
  rejectChecks(): void {
    const { numbers } = this.relay.neighbourhood;
    // A rejection leads to a check of another neighbour.
    for (let round = 0; round < numbers.length; round += 1)
      for (const number of numbers)
        this.hear(number, { type: "tree-reject", reason: "has-parent" });
  }

  /** Let a neighbour ask for the upgrade; returns the token that it is offered, if it is. */
  offerTo(child: number): string | undefined {
    for (const said of this.answersTo(child, { type: "upgrade-request", link: "tree" }))
      if (said.type === "upgrade-accept" && said.to === child) return said.token;
    return undefined;
  }

  /** Get a child. Returns the connection. */
  adopt(child: number, hasManifest = false): ConnectionId {
    const offered = this.offerTo(child);
    if (offered === undefined) throw new Error(`${child} was not offered an upgrade`);
    const { connection, effects } = this.greet(child, { token: offered, hasManifest });
    if (framesIn(effects, connection)[0]?.type !== "welcome")
      throw new Error(`${child} was not welcome`);
    return connection;
  }

  /** A hello on a new connection. */
  greet(
    number: number,
    fields: {
      readonly token: string;
      readonly peer?: string;
      readonly link?: "tree" | "sink";
      readonly hasManifest?: boolean;
    },
  ): { readonly connection: ConnectionId; readonly effects: readonly Effect[] } {
    this.#accepted += 1;
    const connection = -this.#accepted;
    const hello = {
      type: "hello",
      session,
      peer: peer(number).id,
      number,
      link: "tree",
      hasManifest: false,
      ...fields,
    } as const;
    const effects = this.do(() => this.relay.connections.onGreeting(connection, hello));
    return { connection, effects };
  }

  /** A child's frame, as the machines pass it on. */
  childSays(number: number, frame: Frame): string | undefined {
    let fault: string | undefined;
    this.do(() => {
      this.relay.heard(number);
      const connection = this.relay.links.connectionOf(number) ?? 0;
      fault = this.relay.onFrameFromBelow(connection, number, frame);
    });
    return fault;
  }

  /** The neighbour's connection ends. */
  cut(connection: ConnectionId): readonly Effect[] {
    return this.do(() => this.relay.connections.onClosed(connection, undefined));
  }
}
