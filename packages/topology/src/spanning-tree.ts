/**
 * A spanning tree as parent array: item i is the number of peer i's parent, `null` for the root.
 * Any peer may be the root. An array that came from elsewhere may not be a tree at all: see
 * {@link checkSpanningTree}.
 */
export type SpanningTree = readonly (number | null)[];

/** Why a parent array is no spanning tree. */
export interface SpanningTreeFault {
  /**
   * - `out-of-range`: the first peer whose parent is not the number of a peer
   * - `no-root`: every peer has a parent, or there are no peers
   * - `two-roots`: the first two peers without a parent
   * - `cycle`: the peers of a cycle, each one's parent after it
   */
  readonly type: "out-of-range" | "no-root" | "two-roots" | "cycle";
  /** The peers in question. */
  readonly numbers: readonly number[];
  /** A sentence for people. */
  readonly description: string;
}

/**
 * Describes the first fault of a parent array, in the order in which {@link SpanningTreeFault}
 * lists them; `undefined` when it is a spanning tree.
 *
 * @example
 * ```ts
 * checkSpanningTree([null, 0, 1]); // undefined
 * checkSpanningTree([null, 2, 1])?.description; // "the peers 1, 2 form a cycle"
 * ```
 */
export function checkSpanningTree(parents: SpanningTree): SpanningTreeFault | undefined {
  const stray = parents.findIndex((parent) => parent !== null && !isNumberIn(parents, parent));
  if (stray >= 0) {
    return fault("out-of-range", [stray], `the parent of peer ${stray} is no peer`);
  }
  const roots = [...parents.keys()].filter((number) => parents[number] === null);
  const [first, second] = roots;
  if (first === undefined) return fault("no-root", [], "no peer is the root");
  if (second !== undefined) {
    return fault("two-roots", [first, second], `the peers ${first} and ${second} are both roots`);
  }
  const cycle = findCycle(parents);
  if (cycle === undefined) return undefined;
  return fault("cycle", cycle, `the peers ${cycle.join(", ")} form a cycle`);
}

/**
 * The root of a spanning tree.
 *
 * @throws RangeError when `parents` is no spanning tree.
 */
export function rootOf(parents: SpanningTree): number {
  requireTree(parents);
  return parents.indexOf(null);
}

/**
 * How many links are between a peer and the root: 0 for the root itself.
 *
 * @throws RangeError when `number` is no peer, or `parents` has no way from it to a root.
 */
export function depthOf(parents: SpanningTree, number: number): number {
  requireNumber(parents, number);
  let depth = 0;
  let parent = parents[number];
  while (typeof parent === "number" && depth < parents.length) {
    depth += 1;
    parent = parents[parent];
  }
  if (parent !== null) throw new RangeError(`no way leads from peer ${number} to a root`);
  return depth;
}

/**
 * The children of a peer, in ascending order.
 *
 * @throws RangeError when `number` is no peer.
 */
export function childrenOf(parents: SpanningTree, number: number): readonly number[] {
  requireNumber(parents, number);
  return [...parents.keys()].filter((child) => parents[child] === number);
}

/**
 * The children of every peer, each list in ascending order: item i belongs to peer i.
 *
 * @throws RangeError when `parents` is no spanning tree.
 */
export function childLists(parents: SpanningTree): readonly (readonly number[])[] {
  requireTree(parents);
  const lists: number[][] = parents.map(() => []);
  for (const [number, parent] of parents.entries()) {
    if (parent !== null) lists[parent]?.push(number);
  }
  return lists;
}

/**
 * How many peers hang below and with each peer: 1 for a leaf, all of them for the root.
 *
 * @throws RangeError when `parents` is no spanning tree.
 */
export function subtreeSizes(parents: SpanningTree): readonly number[] {
  const sizes = parents.map(() => 1);
  for (const number of topDown(parents).toReversed()) {
    const parent = parents[number];
    if (typeof parent === "number") sizes[parent] = (sizes[parent] ?? 0) + (sizes[number] ?? 0);
  }
  return sizes;
}

/**
 * The most children that a peer has.
 *
 * @throws RangeError when `parents` is no spanning tree.
 */
export function fanoutOf(parents: SpanningTree): number {
  return childLists(parents).reduce((most, list) => Math.max(most, list.length), 0);
}

/**
 * The most links between a peer and the root.
 *
 * @throws RangeError when `parents` is no spanning tree.
 */
export function heightOf(parents: SpanningTree): number {
  const depths = parents.map(() => 0);
  let height = 0;
  for (const number of topDown(parents)) {
    const parent = parents[number];
    if (typeof parent === "number") depths[number] = (depths[parent] ?? 0) + 1;
    height = Math.max(height, depths[number] ?? 0);
  }
  return height;
}

/**
 * Draws a tree with box-drawing characters, a line for each peer, children below their parent in
 * ascending order. A line is four characters wider with each level.
 *
 * @param label - Text for a peer, one line; its number by default.
 * @throws RangeError when `parents` is no spanning tree.
 *
 * @example
 * ```ts
 * renderTree([null, 0, 0, 1]);
 * // 0
 * // ├── 1
 * // │   └── 3
 * // └── 2
 * ```
 */
export function renderTree(
  parents: SpanningTree,
  label: (number: number) => string = String,
): string {
  const children = childLists(parents);
  const lines: string[] = [];
  // What is still to be drawn, the next one last: no recursion, so that a long chain is no risk.
  const open = [{ number: parents.indexOf(null), branch: "", indent: "" }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { number, branch, indent } = next;
    lines.push(branch + label(number));
    for (const [place, child] of (children[number] ?? []).toReversed().entries()) {
      const isLast = place === 0;
      open.push({
        number: child,
        branch: `${indent}${isLast ? "└── " : "├── "}`,
        indent: `${indent}${isLast ? "    " : "│   "}`,
      });
    }
  }
  return lines.join("\n");
}

/** Every peer of the tree, parents before their children. */
function topDown(parents: SpanningTree): readonly number[] {
  const children = childLists(parents);
  const order = [parents.indexOf(null)];
  // The loop goes on over what it appends.
  for (const number of order) {
    for (const child of children[number] ?? []) order.push(child);
  }
  return order;
}

function findCycle(parents: SpanningTree): readonly number[] | undefined {
  const reachesRoot = parents.map((parent) => parent === null);
  for (const start of parents.keys()) {
    const way: number[] = [];
    const onWay = new Set<number>();
    let number = start;
    while (!reachesRoot[number] && !onWay.has(number)) {
      way.push(number);
      onWay.add(number);
      number = parents[number] ?? number;
    }
    if (onWay.has(number)) return way.slice(way.indexOf(number));
    for (const passed of way) reachesRoot[passed] = true;
  }
  return undefined;
}

function fault(
  type: SpanningTreeFault["type"],
  numbers: readonly number[],
  description: string,
): SpanningTreeFault {
  return { type, numbers, description };
}

function isNumberIn(parents: SpanningTree, number: number): boolean {
  return Number.isInteger(number) && number >= 0 && number < parents.length;
}

function requireNumber(parents: SpanningTree, number: number): void {
  if (isNumberIn(parents, number)) return;
  throw new RangeError(
    `number: got ${number}, expected an integer from 0 to ${parents.length - 1}`,
  );
}

function requireTree(parents: SpanningTree): void {
  const found = checkSpanningTree(parents);
  if (found !== undefined) throw new RangeError(`no spanning tree: ${found.description}`);
}
