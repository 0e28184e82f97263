/**
 * A session's id: 16 random bytes, written as 32 lower-case hexadecimal digits.
 * Every datagram and every active link belongs to exactly one session.
 */
export type SessionId = string;

/**
 * A peer's id in one session: 8 random bytes, written as 16 lower-case hexadecimal digits.
 * A process that restarts draws a new one, so an id names one incarnation of a peer.
 */
export type PeerId = string;

/** The receiver of a datagram where the sender does not know who is there; no peer has this id. */
export const nobody: PeerId = "0".repeat(16);

/**
 * Where a peer is reached, over UDP and over TCP alike: `host:port`, with an IPv4 address
 * (`10.0.0.7:4747`) or a bracketed IPv6 address (`[fd00::7]:4747`). Never a host name: names are
 * resolved before the protocol begins.
 */
export type Address = string;

/** What one peer must know to talk to another: who it is and where. */
export interface PeerInfo {
  /** The peer's number in the session: 0 is the root, 1 ... n-1 are the receivers. */
  readonly number: number;
  readonly id: PeerId;
  readonly address: Address;
}
