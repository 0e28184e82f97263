import {
  type Address,
  type Datagram,
  type Frame,
  type Hello,
  nobody,
  type PalmTreeError,
} from "@palmtree/wire";
import type { Connection, Identity, Transport, TransportHandlers } from "../src/index.js";

/** Where transports are opened: the system's loopback, or a network in memory. */
export interface World {
  /** At a fresh address, or at one that was closed. */
  open(handlers: TransportHandlers, address?: Address): Promise<Transport>;
  /** Whether who dialled can cut a connection so that the other end sees more than its end. */
  readonly canDiallerReset: boolean;
  /** An address where nobody is. */
  vacantAddress(): Promise<Address>;
}

/** Things in the order in which they happened, for one who waits for them. */
export class Queue<T> {
  readonly #items: T[] = [];
  #wake: (() => void) | undefined;

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    this.#items.push(item);
    this.#wake?.();
  }

  async take(): Promise<T> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) return item;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async takeMany(count: number): Promise<T[]> {
    const items: T[] = [];
    while (items.length < count) items.push(await this.take());
    return items;
  }
}

/** One end of a connection, and what its handlers were told. */
export class Side {
  readonly connection: Connection;
  readonly frames: Queue<Frame> = new Queue();
  readonly closes: Queue<{ error: PalmTreeError | undefined }> = new Queue();
  /** Every call, by name. */
  readonly calls: string[] = [];
  /** Called in `onFrame`, before the frame is queued. */
  whenFrame: ((frame: Frame) => void) | undefined;

  constructor(open: (side: Side) => Connection) {
    this.connection = open(this);
  }

  onOpen(): void {
    this.calls.push("open");
  }

  onFrame(frame: Frame): void {
    this.calls.push("frame");
    this.whenFrame?.(frame);
    this.frames.push(frame);
  }

  onClose(error?: PalmTreeError): void {
    this.calls.push("close");
    this.closes.push({ error });
  }

  /** The end's error code; "in order" without one. */
  async end(): Promise<string> {
    const { error } = await this.closes.take();
    return error?.code ?? "in order";
  }

  /** Send, and wait until the system has taken it. */
  sent(frame: Frame): Promise<void> {
    return new Promise((resolve) => this.connection.send(frame, resolve));
  }
}

/** Who is where; nobody can be expected by another than who is there. */
const identities = new Map<Address, Identity>();

/** A transport and what its handlers were told. */
export class Peer {
  readonly datagrams: Queue<{ from: Address; datagram: Datagram }> = new Queue();
  readonly accepted: Queue<Connection> = new Queue();
  readonly malformed: Queue<{ from: Address; error: PalmTreeError }> = new Queue();
  #transport: Transport | undefined;

  static async open(world: World, address?: Address): Promise<Peer> {
    const peer = new Peer();
    peer.#transport = await world.open(
      {
        onDatagram: (from, datagram) => peer.datagrams.push({ from, datagram }),
        onConnection: (connection) => peer.accepted.push(connection),
        isExpected: ({ token }) => token === hello.token,
        onMalformed: (from, error) => peer.malformed.push({ from, error }),
      },
      address,
    );
    identities.set(peer.#transport.address, peer.#transport.identity);
    return peer;
  }

  get transport(): Transport {
    if (this.#transport === undefined) throw new Error("not open yet");
    return this.#transport;
  }

  dial(to: Address): Side {
    const { session, token } = hello;
    const peer = identities.get(to)?.idIn(session) ?? nobody;
    return new Side((side) => this.transport.dial(to, { session, peer, token }, side));
  }

  /** The next connection that somebody dialled. */
  async acceptNext(): Promise<Side> {
    const connection = await this.accepted.take();
    const side = new Side(() => connection);
    connection.setHandlers(side);
    return side;
  }
}

/** A hello that says nothing. */
export const hello: Hello = {
  type: "hello",
  session: "000102030405060708090a0b0c0d0e0f",
  peer: "1011121314151617",
  number: 1,
  link: "tree",
  token: "18191a1b1c1d1e1f",
  hasManifest: false,
};

/** A connection between two peers, the hello already received. */
export async function join(
  left: Peer,
  right: Peer,
): Promise<{ readonly dialled: Side; readonly accepted: Side }> {
  const dialled = left.dial(right.transport.address);
  dialled.connection.send(hello);
  const accepted = await right.acceptNext();
  await accepted.frames.take();
  return { dialled, accepted };
}

type Who = Pick<Transport, "identity">;

/** A datagram with that pulse, from one to the other. */
export function ping(pulse: number, from: Who, to: Who): Datagram {
  const { session } = hello;
  return {
    session,
    sender: from.identity.idIn(session),
    receiver: to.identity.idIn(session),
    counter: pulse + 1,
    message: { type: "ping", pulse },
  };
}

/** A chunk whose bytes follow from its index. */
export function chunk(index: number, size: number = 64 * 1024): Frame {
  const payload = new Uint8Array(size);
  let state = index + 1;
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    payload[at] = state >>> 16;
  }
  return { type: "chunk", index, payload };
}

/** Whatever is under way in this process has been done. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** A small frame that says its index. */
export function count(index: number): Frame {
  return { type: "subtree", size: index + 1 };
}

/** Waits until a number has not moved for a while, in turns of the event loop. */
export async function settled(read: () => number): Promise<void> {
  let last = -1;
  for (let still = 0; still < 30; still += 1) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    const now = read();
    if (now !== last) still = 0;
    last = now;
  }
}
