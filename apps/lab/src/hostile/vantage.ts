import type { Connection, Transport } from "@palmtree/transport";
import type {
  Address,
  ControlMessage,
  Datagram,
  Invite,
  PeerId,
  PeerInfo,
  SessionId,
} from "@palmtree/wire";

/** Datagrams of its own that a member keeps, to say them again. */
const mostKept = 256;

/** What a member knows and can reach: all that a lie can be made of. */
export class Vantage {
  readonly #transport: Transport;
  readonly #links = new Set<Connection>();
  readonly #peers = new Map<PeerId, PeerInfo>();
  readonly #kept: { readonly to: Address; readonly datagram: Datagram }[] = [];
  #session: SessionId | undefined;
  #invite: Invite | undefined;
  #pulse = 1;
  /** Datagrams said so far, each with a number of its own. */
  #count = 0;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** What it takes part in, once it was invited. */
  get invite(): Invite | undefined {
    return this.#invite;
  }

  /** The newest pulse of the root that it heard of. */
  get pulse(): number {
    return this.#pulse;
  }

  /** Everybody else that it was told of, the root too. */
  get peers(): readonly PeerInfo[] {
    return [...this.#peers.values()];
  }

  /** Its connections over which both ends have spoken, until they are over. */
  get links(): readonly Connection[] {
    return [...this.#links].filter(({ sentBytes, receivedBytes }) => sentBytes && receivedBytes);
  }

  /** What it said last, in order. */
  get kept(): readonly { readonly to: Address; readonly datagram: Datagram }[] {
    return this.#kept;
  }

  /** The peer's own id in the session; undefined before there is one. */
  get id(): PeerId | undefined {
    return this.#session && this.#transport.identity.idIn(this.#session);
  }

  /** A datagram came. */
  hear(from: Address, { session, sender, message }: Datagram): void {
    if (message.type === "invite") {
      this.#session = session;
      this.#invite = message;
      this.#peers.set(sender, { number: 0, id: sender, address: from });
    }
    if (message.type === "ping" || message.type === "tree-check")
      this.#pulse = Math.max(this.#pulse, message.pulse);
    for (const peer of peersIn(message)) if (peer.id !== this.id) this.#peers.set(peer.id, peer);
  }

  addLink(link: Connection): void {
    this.#links.add(link);
  }

  removeLink(link: Connection): void {
    this.#links.delete(link);
  }

  /** Says something, as its machine would. */
  say(to: Address, datagram: Omit<Datagram, "counter">): void {
    this.#count += 1;
    const counted = { ...datagram, counter: this.#count };
    this.#kept.push({ to, datagram: counted });
    if (this.#kept.length > mostKept) this.#kept.shift();
    this.#transport.send(to, counted);
  }

  /** Says something else to a peer, in its own name or, without having that one's key, in another's. */
  tell(
    { id: receiver, address }: PeerInfo,
    message: ControlMessage,
    as: PeerId | undefined = this.id,
  ): void {
    if (this.#session === undefined || as === undefined) return;
    this.#count += 1;
    const envelope = { session: this.#session, sender: as, receiver, counter: this.#count };
    this.#transport.send(address, { ...envelope, message });
  }

  /** Says again, byte for byte, what it said. */
  repeat({ to, datagram }: Vantage["kept"][number]): void {
    this.#transport.send(to, datagram);
  }
}

function peersIn(message: ControlMessage): readonly PeerInfo[] {
  switch (message.type) {
    case "neighbours":
      return message.neighbours;
    case "plan":
      return message.peers;
    case "refer":
    case "introduce":
      return [message.peer];
    default:
      return [];
  }
}
