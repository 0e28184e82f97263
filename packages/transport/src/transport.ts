import type { Address, Datagram, Frame, PalmTreeError, PeerId } from "@palmtree/wire";
import type { Call } from "./security/call.js";
import type { Identity } from "./security/identity.js";

/**
 * One peer's way to all others: best-effort datagrams and reliable, ordered connections, on one
 * address. Implemented over UDP and TCP (`openTransport`) and in memory (`createMemoryNetwork`).
 *
 * No handler is ever called from inside a method of a transport or a connection. What a handler
 * throws is not caught: it surfaces as an `uncaughtException`, after the transport has put its own
 * affairs in order, and the connection goes on. What a peer sends never makes anything throw.
 */
export interface Transport extends AsyncDisposable {
  /** Where datagrams and connections are taken, with the port that was chosen. */
  readonly address: Address;

  /** Who this peer is to its neighbours. */
  readonly identity: Identity;

  /** What was counted so far; the same object every time, live. */
  readonly counters: Readonly<TransportCounters>;

  /**
   * Send a datagram once, without knowing whether it arrives. What the operating system does not
   * take is counted as unsent.
   *
   * @param datagram - Its sender is this peer: `identity.idIn(session)`.
   * @throws address-invalid when `to` is not an address.
   * @throws TypeError, RangeError or limit-exceeded when the datagram cannot be encoded.
   */
  send(to: Address, datagram: Datagram): void;

  /**
   * Open a connection. Frames may be sent at once; they leave when it is open. If it does not
   * open, `onClose` has the reason: `timed-out`, `not-permitted` or `link-lost`; or
   * `protocol-violation`, when somebody else than the peer that is called is there.
   *
   * @param call - What the peer there has offered.
   * @throws address-invalid when `to` is not an address.
   */
  dial(to: Address, call: Call, handlers: ConnectionHandlers): Connection;

  /**
   * Give the payload of a received frame back: nobody reads it any more, and another may be read
   * into its memory. Without this the memory is collected, later and for more CPU time.
   *
   * @param payload - The very array that the frame had, of any connection; any other has no effect.
   */
  release(payload: Uint8Array): void;

  /**
   * Take nothing in any more, close every connection as {@link Connection.close} does (destroy
   * those that have said nothing), and resolve when all are over and the port is free. May be
   * called twice.
   */
  close(): Promise<void>;
}

/** What a transport tells its owner. */
export interface TransportHandlers {
  /**
   * A well-formed datagram for this peer came. `from` is where it came from, whoever its envelope
   * names; where the group has a key, the sender is who it says.
   */
  onDatagram(from: Address, datagram: Datagram): void;

  /**
   * A neighbour has dialled. Frames follow once {@link Connection.setHandlers} is called; until
   * then the connection is not read.
   */
  onConnection(connection: Connection): void;

  /**
   * Whether this peer has offered that call. Where the group has a key, nobody else gets a connection.
   * Default: it has not.
   */
  isExpected?(call: Call): boolean;

  /**
   * A datagram or a connection broke the wire format. It is already dropped or destroyed. Not told of
   * datagrams that do not even begin as those of this protocol do.
   */
  onMalformed?(from: Address, error: PalmTreeError): void;
}

/** A reliable, ordered stream of frames, both ways. */
export interface Connection {
  /**
   * Whom it joins. Of an accepted connection this is where the neighbour dialled from, not the
   * address at which it takes connections.
   */
  readonly remote: Address;

  readonly direction: ConnectionDirection;

  /**
   * Of an accepted one, once a frame came: who has proved to be at the other end. Undefined where
   * the group has no key.
   */
  readonly caller: PeerId | undefined;

  /** Bytes given to `send` that the operating system has not taken. */
  readonly queuedBytes: number;

  /** Bytes that the operating system took so far: a neighbour that takes none is stuck. */
  readonly sentBytes: number;

  /** Bytes received so far, whole frames or not: a neighbour from which none come is silent. */
  readonly receivedBytes: number;

  /** Replace the handlers, from the next call on. */
  setHandlers(handlers: ConnectionHandlers): void;

  /**
   * Queue a frame. Frames of one turn of the event loop leave together. Nothing limits the queue
   * but its owner: send on when `onSent` says so. After the end of the connection, and after
   * `close`, a frame is dropped.
   *
   * @param frame - Its payload must not change before `onSent`.
   * @param onSent - The operating system has taken the whole frame; this says nothing of the
   * neighbour. Called in the order of the frames, and not at all if the connection ends first.
   * @throws TypeError, RangeError or limit-exceeded when the frame cannot be encoded.
   */
  send(frame: Frame, onSent?: () => void): void;

  /**
   * Stop `onFrame` at once, until `resume`. What is already read waits here (at most one read
   * buffer), the rest in TCP, which holds the sender back. The end of a connection that fails is
   * not held back; frames that wait are dropped then.
   */
  pause(): void;

  /** Go on after `pause`; frames come in a later turn. */
  resume(): void;

  /**
   * Take a chunk frame with more bytes than this as malformed; from the next frame on.
   *
   * @param maxChunkBytes - 0 to 16 MiB.
   * @throws RangeError when it is not.
   */
  limitChunkBytes(maxChunkBytes: number): void;

  /**
   * Send what is queued, then end the connection in order. No frame is delivered any more;
   * `onClose` follows when the neighbour has ended it too, or does not within a time limit.
   */
  close(): void;

  /**
   * End the connection at once. What is queued is lost; the neighbour sees `link-lost`, or only an end
   * where this peer dialled and the group has a key.
   */
  destroy(): void;
}

/** Who opened a connection: this peer `dialled`, or it `accepted`. */
export type ConnectionDirection = "dialled" | "accepted";

/** What a connection tells its owner. */
export interface ConnectionHandlers {
  /** A dialled connection is open. Not called for an accepted one, which is open already. */
  onOpen?(): void;

  /**
   * A whole frame came; the receiver owns it and its payload. A chunk's payload may be a view of
   * memory in which others are too: of at most 16 times its size. Nobody writes there until it is
   * given back, if it ever is, by {@link Transport.release}.
   */
  onFrame(frame: Frame): void;

  /**
   * The connection is over; called exactly once, and last.
   *
   * @param error - `frame-malformed`, `protocol-violation`, `timed-out`, `not-permitted`, or
   * `link-lost` (reset, or cut inside a frame). Undefined when this peer ended it, and when the
   * stream ended between two frames. A neighbour's crash can look like that too: whether all was
   * said is for the frames to tell.
   */
  onClose(error?: PalmTreeError): void;
}

/** What a transport counts, from 0. */
export interface TransportCounters {
  datagramsSent: number;
  datagramsReceived: number;
  /** Refused by the operating system, or its queue was full. */
  datagramsUnsent: number;
  /** Not well-formed, or without an address to answer to. */
  datagramsMalformed: number;
  /** Not for this peer: of another group, to another peer, or heard before. */
  datagramsForeign: number;
  connectionsDialled: number;
  connectionsAccepted: number;
  /** Turned away, because there were too many or the operating system failed to accept. */
  connectionsRefused: number;
  /** Destroyed for what came over them. */
  connectionsMalformed: number;
  /** Destroyed because the first frame did not come in time. */
  connectionsSilent: number;
}

/** Counters that are all 0. */
export function zeroCounters(): TransportCounters {
  return {
    datagramsSent: 0,
    datagramsReceived: 0,
    datagramsUnsent: 0,
    datagramsMalformed: 0,
    datagramsForeign: 0,
    connectionsDialled: 0,
    connectionsAccepted: 0,
    connectionsRefused: 0,
    connectionsMalformed: 0,
    connectionsSilent: 0,
  };
}
