/**
 * Which chunks go over a link: those of some stripes. Chunk i is in stripe i mod `count`, and each
 * stripe flows down a tree of its own.
 */
export interface Stripes {
  /** Stripes of the session, 1 to 64. */
  readonly count: number;
  /** Those that are meant, each 0 to `count - 1`. */
  readonly wanted: readonly number[];
}

/** All chunks, in one stripe: what a child in the tree asks its parent for. */
export const everyChunk: Stripes = { count: 1, wanted: [0] };

/** No chunk, unless it is asked for by itself. */
export const noChunk: Stripes = { count: 1, wanted: [] };

/** A quick test for a chunk's index. */
export function stripeTest({ count, wanted }: Stripes): (index: number) => boolean {
  if (wanted.length === 0) return () => false;
  const isWanted = Array.from({ length: count }, (_, stripe) => wanted.includes(stripe));
  if (isWanted.every(Boolean)) return () => true;
  return (index) => isWanted[index % count] === true;
}
