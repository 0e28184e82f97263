/** How the simulated network behaves. Probabilities are in [0, 1]; times are virtual milliseconds. */
export interface NetworkConditions {
  /** One-way delay of a packet: uniform between the two. */
  readonly leastLatencyMs: number;
  readonly mostLatencyMs: number;
  /** Datagrams that vanish. */
  readonly loss: number;
  /** Datagrams that arrive twice. */
  readonly duplication: number;
  /** Datagrams that are delayed by up to ten times the usual, and so overtaken. */
  readonly reordering: number;
  /** Chunks of which one byte is flipped on the way (a broken relay or memory). */
  readonly corruption: number;
  /**
   * What the sender's operating system takes of one connection before the receiver's has it, like
   * Linux's `tcp_wmem`. Too low starves the uplink; too high lets what a core has sent, and cannot
   * take back, pile up in front of a slow neighbour.
   */
  readonly sendBufferBytes: number;
  /** What is on its way or unread, on one connection, before TCP holds the sender back. */
  readonly receiveBufferBytes: number;
}

/** A network without faults. The buffers are a guess at what Linux grants a LAN connection. */
export const calmNetwork: NetworkConditions = {
  leastLatencyMs: 0.2,
  mostLatencyMs: 1,
  loss: 0,
  duplication: 0,
  reordering: 0,
  corruption: 0,
  sendBufferBytes: 256 * 1024,
  receiveBufferBytes: 256 * 1024,
};

/** What a host's link to the network carries; a direction that is not named has no limit. */
export interface LinkRates {
  /** Bytes that the host can send in a second; 0: nothing leaves, and nobody is told. */
  readonly uplinkBytesPerSecond?: number;
  /** Bytes that can reach the host in a second; 0: nothing arrives, and nobody is told. */
  readonly downlinkBytesPerSecond?: number;
}
