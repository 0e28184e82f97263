import { Link, type LinkAction, type LinkEvent } from "../../src/core/index.js";

/** What the network does to one packet. */
export interface Fate {
  readonly isLost: boolean;
  readonly copies: number;
  readonly delayMs: number;
}

/** What somebody does to one of the two links. */
export interface Deed {
  readonly at: number;
  readonly side: 0 | 1;
  readonly what: "upgrade" | "downgrade" | "break" | "refuse";
}

interface Connection {
  readonly dialler: 0 | 1;
  /** Frames arrive in order: none before this time. */
  readonly notBefore: [number, number];
  isOver: boolean;
}

interface Task {
  readonly at: number;
  readonly run: () => void;
}

const options = { upgradeRetryMs: 40, upgradeTimeoutMs: 400 };

/**
 * Two links, joined by datagrams that are lost, doubled and reordered, and by connections that
 * behave as TCP does: frames in order, and an end that both sides hear of. Virtual time.
 */
export class LinkPair {
  readonly links: readonly [Link, Link] = [new Link(options), new Link(options)];
  readonly reports: readonly [string[], string[]] = [[], []];
  /** How often each link set out to become active. */
  readonly attempts: [number, number] = [0, 0];
  readonly #connections: [Connection | undefined, Connection | undefined] = [undefined, undefined];
  readonly #refusing = [false, false];
  readonly #fates: readonly Fate[];
  #nextFate = 0;
  #tokens = 0;
  #now = 0;
  #tasks: Task[] = [];

  constructor(deeds: readonly Deed[], fates: readonly Fate[]) {
    this.#fates = fates;
    for (const deed of deeds) this.#after(deed.at, () => this.#do(deed));
  }

  /** The connection that a link holds. */
  connectionOf(side: 0 | 1): Connection | undefined {
    return this.#connections[side];
  }

  /** Whether nothing is under way and nobody waits for anything. */
  get isQuiet(): boolean {
    return this.#tasks.length === 0 && this.links.every((link) => link.deadline() === undefined);
  }

  /** Let everything happen that is to happen, at most `steps` things. */
  run(steps: number): void {
    for (let step = 0; step < steps && !this.isQuiet; step += 1) {
      this.#tasks.sort((a, b) => a.at - b.at);
      const task = this.#tasks[0];
      const deadlines = this.links.map((link) => link.deadline() ?? Number.POSITIVE_INFINITY);
      const tickAt = Math.min(...deadlines);
      if (task !== undefined && task.at <= tickAt) {
        this.#tasks.shift();
        this.#now = Math.max(this.#now, task.at);
        task.run();
      } else {
        this.#now = Math.max(this.#now, tickAt);
        for (const side of [0, 1] as const) this.#tell(side, { type: "tick" });
      }
    }
  }

  #after(delayMs: number, run: () => void): void {
    this.#tasks.push({ at: this.#now + delayMs, run });
  }

  #do({ side, what }: Deed): void {
    if (what === "upgrade") this.#tell(side, { type: "upgrade" });
    else if (what === "downgrade") this.#tell(side, { type: "downgrade", reason: "replaced" });
    else if (what === "refuse") this.#refusing[side] = !this.#refusing[side];
    else this.#end(this.#connections[side]);
  }

  #tell(side: 0 | 1, event: LinkEvent): void {
    const link = this.links[side];
    const before = link.state;
    const actions = link.handle(event, this.#now);
    const wasUnderWay = ["requesting", "dialling", "offering"].includes(before);
    const isUnderWay = link.state === "requesting" || link.state === "offering";
    if (isUnderWay && !wasUnderWay) this.attempts[side] += 1;
    for (const action of actions) this.#perform(side, action);
  }

  #perform(side: 0 | 1, action: LinkAction): void {
    const other = side === 0 ? 1 : 0;
    switch (action.type) {
      case "send-request":
        return this.#send(() => this.#request(other));
      case "send-accept":
        return this.#send(() => this.#tell(other, { ...action, type: "accept-received" }));
      case "send-reject":
        return this.#send(() => this.#tell(other, { type: "reject-received" }));
      case "send-downgrade":
        return this.#send(() => this.#tell(other, { type: "downgrade-received" }));
      case "dial":
        return this.#dial(side);
      case "send-hello": {
        const connection = this.#connections[side];
        if (connection === undefined) throw new Error("a hello without a connection");
        return this.#frame(connection, other, () => this.#hello(other, connection, action.token));
      }
      case "send-welcome": {
        const connection = this.#connections[side];
        if (connection === undefined) throw new Error("a welcome without a connection");
        return this.#frame(connection, other, () => {
          if (this.#connections[other] === connection)
            this.#tell(other, { type: "welcome-received" });
        });
      }
      case "close-connection":
        return this.#close(side);
      case "refuse-hello":
        throw new Error("only hellos with the offered token are told");
      case "report-active":
        this.reports[side].push("active");
        return;
      case "report-passive":
        this.reports[side].push(`passive from ${action.from}`);
    }
  }

  #fate(): Fate {
    const fate = this.#fates[this.#nextFate % this.#fates.length];
    this.#nextFate += 1;
    return fate ?? { isLost: false, copies: 1, delayMs: 1 };
  }

  #send(arrive: () => void): void {
    const { isLost, copies, delayMs } = this.#fate();
    if (isLost) return;
    for (let copy = 0; copy < copies; copy += 1) this.#after(delayMs * (1 + 3 * copy), arrive);
  }

  #request(side: 0 | 1): void {
    this.#tokens += 1;
    const token = this.#tokens.toString(16).padStart(16, "0");
    const isRefused = this.#refusing[side];
    if (isRefused) this.#tell(side, { type: "request-refused", reason: "fanout-full" });
    else this.#tell(side, { type: "request-received", token });
  }

  #dial(side: 0 | 1): void {
    const { isLost, delayMs } = this.#fate();
    const connection: Connection = { dialler: side, notBefore: [0, 0], isOver: false };
    this.#connections[side] = connection;
    this.#after(delayMs, () => {
      if (this.#connections[side] !== connection) return;
      if (isLost) this.#connections[side] = undefined;
      this.#tell(side, { type: isLost ? "dial-failed" : "dial-opened" });
    });
  }

  #frame(connection: Connection, to: 0 | 1, arrive: () => void): void {
    connection.notBefore[to] = Math.max(connection.notBefore[to], this.#now + this.#fate().delayMs);
    this.#after(connection.notBefore[to] - this.#now, () => {
      if (!connection.isOver) arrive();
    });
  }

  #hello(side: 0 | 1, connection: Connection, token: string): void {
    if (this.links[side].offeredToken !== token) {
      this.#end(connection);
      return;
    }
    this.#connections[side] = connection;
    this.#tell(side, { type: "hello-received" });
  }

  #close(side: 0 | 1): void {
    const connection = this.#connections[side];
    this.#connections[side] = undefined;
    this.#end(connection);
  }

  /** The end of a connection: each side that still holds it hears of it, at its own time. */
  #end(connection: Connection | undefined): void {
    if (connection === undefined || connection.isOver) return;
    connection.isOver = true;
    for (const side of [0, 1] as const) {
      this.#after(this.#fate().delayMs, () => {
        if (this.#connections[side] !== connection) return;
        this.#connections[side] = undefined;
        this.#tell(side, { type: "connection-lost" });
      });
    }
  }
}
