/**
 * How long a plan takes, by formula.
 *
 * Everything is counted in *steps*, the time b / B in which one chunk of b bytes is sent at B bytes
 * per second. A peer sends one chunk at a time, receives one at a time, and passes on what it has
 * whole. For k chunks, F bytes in all, and n peers with the root:
 *
 * | kind | steps | links from the root to the last, at most |
 * |---|---|---|
 * | bound | k - 1 + ceil(log2 n) | |
 * | chain | k + n - 2 | n - 1 |
 * | double tree | k + 2 floor(log2 (n - 1)) | floor(log2 (n - 1)) + 1 |
 * | binomial | k + ceil(log2 n); k for n = 2 | floor(log2 n) + 1, with twins + 2 |
 * | k-ary, fanout f, depth d | f (k + d - 1) | d |
 *
 * The bound and the binomial pipeline are those of Ganesan & Seshadri (ICDCS 2005), the double tree
 * that of Sanders, Speck & Träff (2009). A simulator in this package's tests agrees with the steps.
 */
import { dimensionsOf } from "./hypercube.js";
import { makePlan, type PlanKind } from "./plan.js";
import { type LinkSpeed, requireTransfer, type Transfer } from "./transfer.js";
import { uploadShares } from "./upload-shares.js";

/**
 * The time, in seconds, below which no way of copying whole chunks between peers can be: the
 * greatest of three, for N = n - 1 receivers.
 *
 * - `F / uplink of the root + (ceil(log2 n) - 1) b / fastest link`: the root must send every chunk,
 *   and from the arrival of the last one on, those who have it can only double each time that the
 *   fastest link carries a chunk. With equal links it is the bound of the table above.
 * - `F / slowest downlink of a receiver`.
 * - `N F / sum of all uplinks` (Mundinger, Weber & Weiss, "Optimal scheduling of peer-to-peer file
 *   dissemination", 2008).
 *
 * @throws RangeError when a field of the transfer is out of its range.
 *
 * @example
 * ```ts
 * // 256 chunks of 64 KiB to 63 receivers at 1 Gbit/s: 261 steps of 0.52 ms.
 * lowerBoundSeconds({ peerCount: 64, bytes: 2 ** 24, chunkBytes: 2 ** 16, links: 125e6 }); // 0.1368
 * ```
 */
export function lowerBoundSeconds(transfer: Transfer): number {
  const { peerCount, bytes, chunkBytes, links } = requireTransfer(transfer);
  const speeds = speedsOf(links, peerCount);
  const ups = speeds.map(({ upBytesPerSecond }) => upBytesPerSecond);
  const downs = speeds.slice(1).map(({ downBytesPerSecond }) => downBytesPerSecond);
  const fastest = Math.min(largest(ups), largest(downs));
  const doublings = Math.ceil(Math.log2(peerCount)) - 1;
  const allUps = ups.reduce((sum, up) => sum + up, 0);
  return Math.max(
    bytes / (ups[0] ?? 0) + (doublings * Math.min(chunkBytes, bytes)) / fastest,
    bytes / smallest(downs),
    ((peerCount - 1) * bytes) / allUps,
  );
}

/**
 * The time, in seconds, that a plan takes until the last peer has the last chunk:
 * `(F + s b) / rate + l hopSeconds`, where s is the steps beyond k and l the links in the table
 * above.
 *
 * The rate is the bottleneck's: the least of each receiver's downlink, and of each uplink divided by
 * the copies that its peer uploads ({@link uploadShares}). With equal links it is B, for k-ary B / f.
 * In a chain of unequal links it is the least of min(uplink of the parent, downlink of the child),
 * and s b / rate becomes the time of one chunk from the second link to the last, each at its own
 * speed. The trees have few such steps; they all count at the bottleneck's rate, which makes the
 * estimate rather too long than too short.
 *
 * The formulas take it that sends stay in step, as they do in the simulator. Out of step, peers
 * with several parents wait for each other now and then: see `choosePlan`. What headers,
 * disks and processors cost is not in them.
 *
 * @throws RangeError when a field of the transfer is out of its range.
 */
export function predictSeconds(kind: PlanKind, transfer: Transfer): number {
  const { peerCount, bytes, chunkBytes, links, hopSeconds, fanout } = requireTransfer(transfer);
  const chunk = Math.min(chunkBytes, bytes);
  const { fillSteps, linkCount } = depthsOf(kind, peerCount, fanout);
  const hops = linkCount * hopSeconds;
  if (kind === "chain" && typeof links !== "number") {
    const rates = chainRates(links);
    const fill = rates.slice(1).reduce((sum, rate) => sum + chunk / rate, 0);
    return bytes / smallest(rates) + fill + hops;
  }
  return (bytes + fillSteps * chunk) / bottleneckRate(kind, links, peerCount, fanout) + hops;
}

/** Steps beyond k, at the bottleneck's rate, and the most links from the root to a position. */
function depthsOf(
  kind: PlanKind,
  peerCount: number,
  fanout: number,
): { readonly fillSteps: number; readonly linkCount: number } {
  switch (kind) {
    case "chain":
      return { fillSteps: peerCount - 2, linkCount: peerCount - 1 };
    case "double-tree": {
      const height = dimensionsOf(peerCount - 1);
      return { fillSteps: 2 * height, linkCount: height + 1 };
    }
    case "binomial": {
      if (peerCount === 2) return { fillSteps: 0, linkCount: 1 };
      const dimensions = dimensionsOf(peerCount);
      const hasTwins = peerCount > 2 ** dimensions;
      return {
        fillSteps: dimensions + (hasTwins ? 1 : 0),
        linkCount: dimensions + (hasTwins ? 2 : 1),
      };
    }
    case "k-ary": {
      const depth = kAryDepth(peerCount, fanout);
      return { fillSteps: depth - 1, linkCount: depth };
    }
    default:
      throw new RangeError(`kind: got ${String(kind)}, expected the kind of a plan`);
  }
}

function kAryDepth(peerCount: number, fanout: number): number {
  if (fanout === 1) return peerCount - 1;
  let depth = 0;
  for (let position = peerCount - 1; position > 0; depth += 1) {
    position = Math.floor((position - 1) / fanout);
  }
  return depth;
}

/** The rate, in bytes per second, at which the last peer gets everything once the plan is full. */
function bottleneckRate(
  kind: PlanKind,
  links: Transfer["links"],
  peerCount: number,
  fanout: number,
): number {
  if (typeof links === "number") {
    return kind === "k-ary" ? links / Math.min(fanout, peerCount - 1) : links;
  }
  const shares = uploadShares(makePlan(kind, peerCount, { fanout }));
  const rates = links.map(({ upBytesPerSecond, downBytesPerSecond }, position) => {
    const copies = shares[position] ?? 0;
    const upRate = copies === 0 ? Number.POSITIVE_INFINITY : upBytesPerSecond / copies;
    return position === 0 ? upRate : Math.min(upRate, downBytesPerSecond);
  });
  return smallest(rates);
}

/** What each link of a chain carries, the root's first. */
function chainRates(links: readonly LinkSpeed[]): readonly number[] {
  return links.slice(1).map(({ downBytesPerSecond }, index) => {
    return Math.min(links[index]?.upBytesPerSecond ?? 0, downBytesPerSecond);
  });
}

function speedsOf(links: Transfer["links"], peerCount: number): readonly LinkSpeed[] {
  if (typeof links !== "number") return links;
  const speed = { upBytesPerSecond: links, downBytesPerSecond: links };
  return Array.from({ length: peerCount }, () => speed);
}

function smallest(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}
