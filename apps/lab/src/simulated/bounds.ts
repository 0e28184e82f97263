/** What is sent, to how many, over links of equal rates both ways. */
export interface Load {
  /** Peers, the root among them; at least 2. */
  readonly peerCount: number;
  readonly chunkCount: number;
  readonly chunkSizeBytes: number;
  /** Uplink and downlink of every peer. */
  readonly bytesPerSecond: number;
}

/**
 * The least time in which every peer can have every chunk, where each sends and receives one at a
 * time: the last chunk leaves the root after `k - 1` others, and those who hold it at most double
 * with every step (Ganesan and Seshadri 2005).
 */
export function leastSeconds(load: Load): number {
  const steps = load.chunkCount - 1 + Math.ceil(Math.log2(load.peerCount));
  return steps * chunkSeconds(load);
}

/** The least time in which one peer's downlink takes the whole content in. */
export function downlinkSeconds(load: Load): number {
  return load.chunkCount * chunkSeconds(load);
}

/**
 * What a tree takes in which the busiest peer uploads `copies` copies side by side, so that each of
 * its chunks takes `copies` times as long, and the furthest is `depth` links from the root:
 * `copies · (k + depth - 1)` steps. Exact where all on that way have as many children; more than it
 * takes where they have less.
 */
export function treeSeconds(
  load: Load,
  { copies, depth }: { readonly copies: number; readonly depth: number },
): number {
  return copies * (load.chunkCount + depth - 1) * chunkSeconds(load);
}

function chunkSeconds({ chunkSizeBytes, bytesPerSecond }: Load): number {
  return chunkSizeBytes / bytesPerSecond;
}
