/** What one peer's connection carries. */
export interface LinkSpeed {
  /** Bytes per second that it can send: more than 0, may be infinite. */
  readonly upBytesPerSecond: number;
  /** Bytes per second that it can receive: more than 0, may be infinite; unused for the root. */
  readonly downBytesPerSecond: number;
}

/** What is to be copied, to how many, over which connections. */
export interface Transfer {
  /** Peers, the root among them: 2 to 2^30. */
  readonly peerCount: number;
  /** Bytes in all: 0 or more. */
  readonly bytes: number;
  /** Bytes of a chunk: more than 0. */
  readonly chunkBytes: number;
  /** Everybody's bytes per second each way, or the speeds of each position, the root's first. */
  readonly links: number | readonly LinkSpeed[];
  /** Seconds from one peer to the next that no faster link would save: 0 by default. */
  readonly hopSeconds?: number;
  /** For `k-ary` only: most children of a position; 4 by default. */
  readonly fanout?: number;
}

/**
 * Fills in what is left out.
 *
 * @throws RangeError when a field is out of its range, or `links` is not one for each position.
 */
export function requireTransfer(transfer: Transfer): Required<Transfer> {
  const { peerCount, bytes, chunkBytes, links, hopSeconds = 0, fanout = 4 } = transfer;
  requireThat("peerCount", peerCount, Number.isInteger(peerCount) && peerCount >= 2);
  requireThat("peerCount", peerCount, peerCount <= 2 ** 30);
  requireThat("bytes", bytes, bytes >= 0 && Number.isFinite(bytes));
  requireThat("chunkBytes", chunkBytes, chunkBytes > 0 && Number.isFinite(chunkBytes));
  requireThat("hopSeconds", hopSeconds, hopSeconds >= 0);
  requireThat("fanout", fanout, Number.isSafeInteger(fanout) && fanout >= 1);
  if (typeof links === "number") {
    requireThat("links", links, links > 0);
  } else {
    requireThat("links.length", links.length, links.length === peerCount);
    for (const [position, { upBytesPerSecond, downBytesPerSecond }] of links.entries()) {
      requireThat(`links[${position}] up`, upBytesPerSecond, upBytesPerSecond > 0);
      requireThat(`links[${position}] down`, downBytesPerSecond, downBytesPerSecond > 0);
    }
  }
  return { peerCount, bytes, chunkBytes, links, hopSeconds, fanout };
}

function requireThat(name: string, value: number, isSound: boolean): void {
  if (!isSound) throw new RangeError(`${name}: got ${value}, which is out of its range`);
}
