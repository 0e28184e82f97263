import type { Connection, Transport, TransportHandlers } from "@palmtree/transport";
import { createMemoryNetwork, type MemoryNetwork } from "@palmtree/transport/memory";
import type { ControlMessage, Datagram, Frame, Invite, PeerInfo } from "@palmtree/wire";
import { nobody } from "@palmtree/wire";
import type { Liar } from "../../src/hostile/lie.js";
import { lyingTransport } from "../../src/hostile/lying-transport.js";

const session = "5".repeat(32);

const invite: Invite = {
  type: "invite",
  name: "x",
  totalBytes: 3 * 1_024,
  entryCount: 1,
  chunkCount: 3,
  chunkSizeBytes: 1_024,
  isStream: false,
  strategy: "pipeline",
  fanout: 4,
  timeoutMs: 30_000,
  manifestBytes: 10,
  manifestHash: new Uint8Array(32),
  rootKey: new Uint8Array(32),
  cookie: new Uint8Array(16),
};

/** Somebody honest, and what it hears. */
class Witness {
  readonly transport: Transport;
  readonly datagrams: Datagram[] = [];

  constructor(network: MemoryNetwork, address: string) {
    this.transport = network.open(address, {
      handlers: {
        onDatagram: (_, datagram) => this.datagrams.push(datagram),
        onConnection: () => undefined,
      },
    });
  }

  get messages(): readonly ControlMessage[] {
    return this.datagrams.map(({ message }) => message);
  }

  info(number: number): PeerInfo {
    const { address, identity } = this.transport;
    return { number, id: identity.idIn(session), address };
  }
}

/** A liar in a network in memory with a root and a neighbour, which has a connection to it. */
export class Rig {
  readonly root: Witness;
  readonly neighbour: Witness;
  /** What the neighbour was sent over its connection. */
  readonly frames: Frame[] = [];
  /** What the liar's machine is given. */
  readonly heard: Datagram[] = [];
  readonly #network = createMemoryNetwork();
  #liar: Transport | undefined;
  #link: Connection | undefined;
  #dialled: Connection | undefined;
  #count = 0;

  private constructor() {
    this.root = new Witness(this.#network, "10.0.0.9:4747");
    this.neighbour = new Witness(this.#network, "10.0.0.2:4747");
  }

  /** The liar was invited, knows the neighbour, and has said a word to it over the connection. */
  static async open(liar: Liar): Promise<Rig> {
    const rig = new Rig();
    await rig.#open(liar);
    return rig;
  }

  /** The liar's own end of its connection. */
  get link(): Connection {
    if (this.#link === undefined) throw new Error("nobody has connected");
    return this.#link;
  }

  /** What the liar's machine wants to say to somebody. */
  async say(to: Witness, message: ControlMessage): Promise<void> {
    this.#count += 1;
    const { id: receiver, address } = to.info(0);
    this.transport.send(address, { ...this.#envelope(this.transport, receiver), message });
    await settle();
  }

  /** What it wants to send over its connection; resolves with how many of them count as sent. */
  async send(...frames: readonly Frame[]): Promise<number> {
    let sent = 0;
    for (const frame of frames)
      this.link.send(frame, () => {
        sent += 1;
      });
    await settle();
    return sent;
  }

  /** What the neighbour sends over the connection. */
  async hear(frame: Frame): Promise<void> {
    this.#dialled?.send(frame);
    await settle();
  }

  get transport(): Transport {
    if (this.#liar === undefined) throw new Error("it is not open");
    return this.#liar;
  }

  get liarId(): string {
    return this.transport.identity.idIn(session);
  }

  async close(): Promise<void> {
    await this.transport.close();
  }

  async #open(liar: Liar): Promise<void> {
    const handlers: TransportHandlers = {
      onDatagram: (_, datagram) => this.heard.push(datagram),
      onConnection: (connection) => {
        this.#link = connection;
        connection.setHandlers({ onFrame: () => undefined, onClose: () => undefined });
      },
    };
    const network = this.#network;
    const open = lyingTransport(liar, async (options) => network.open("10.0.0.1:4747", options));
    this.#liar = await open({ keys: "insecure", handlers });
    this.#tell(nobody, invite);
    const neighbours = [this.root.info(0), this.neighbour.info(2)];
    this.#tell(this.liarId, {
      type: "neighbours",
      revision: 1,
      number: 1,
      peerCount: 3,
      neighbours,
    });
    await this.#connect();
  }

  async #connect(): Promise<void> {
    const { transport } = this.neighbour;
    const call = { session, peer: this.liarId, token: "0".repeat(16) };
    this.#dialled = transport.dial(this.transport.address, call, {
      onFrame: (frame) => this.frames.push(frame),
      onClose: () => undefined,
    });
    await this.hear({ type: "alive" });
    await this.send({ type: "alive" });
    this.frames.length = 0;
  }

  #tell(receiver: string, message: ControlMessage): void {
    this.#count += 1;
    const { transport } = this.root;
    transport.send(this.transport.address, { ...this.#envelope(transport, receiver), message });
  }

  #envelope({ identity }: Transport, receiver: string): Omit<Datagram, "message"> {
    return { session, sender: identity.idIn(session), receiver, counter: this.#count };
  }
}

/** A network in memory needs no time, only turns. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}
