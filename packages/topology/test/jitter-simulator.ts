import type { Plan } from "../src/index.js";

/** What is not ideal, in steps: the time in which a link carries a chunk. */
export interface Disturbance {
  /** A chunk takes 1 - jitter to 1 + jitter steps, evenly spread. */
  readonly jitter: number;
  /** From the end of a chunk until its receiver may pass it on. */
  readonly latency: number;
}

interface Event {
  readonly at: number;
  readonly run: () => void;
}

/**
 * The steps until everybody has `chunkCount` chunks that are pushed down a plan's trees, in
 * continuous time. Every uplink carries one chunk at a time and so does every downlink: a sender
 * takes the first chunk in its queue whose receiver is free, and a receiver that gets free takes the
 * sender that has idled longest.
 */
export function simulateWithJitter(
  plan: Plan,
  chunkCount: number,
  { jitter, latency }: Disturbance,
): number {
  const random = seededRandom(1);
  const positions = [...Array(plan.peerCount).keys()];
  const stripes = [...Array(plan.stripeCount).keys()];
  const children = stripes.map((stripe) => {
    return positions.map((position) => plan.childrenOf(stripe, position));
  });
  const parents = positions.map((position) => {
    return [...new Set(stripes.map((stripe) => plan.parentOf(stripe, position)))];
  });
  const queues: { readonly to: number; readonly chunk: number }[][] = positions.map(() => []);
  const isSending = positions.map(() => false);
  const isReceiving = positions.map(() => false);
  const idleSince = positions.map(() => 0);
  const events: Event[] = [];
  let now = 0;

  const plot = (at: number, run: () => void): void => {
    const later = events.findLastIndex((event) => event.at > at);
    events.splice(later + 1, 0, { at, run }); // the next event is the last item
  };
  const passOn = (from: number, chunk: number): void => {
    for (const to of children[plan.stripeOf(chunk, chunkCount)]![from]!) {
      queues[from]!.push({ to, chunk });
    }
  };
  const send = (from: number): void => {
    const queue = queues[from]!;
    const index = isSending[from] ? -1 : queue.findIndex(({ to }) => !isReceiving[to]);
    if (index === -1) return;
    const [{ to, chunk } = { to: 0, chunk: 0 }] = queue.splice(index, 1);
    isSending[from] = true;
    isReceiving[to] = true;
    const end = now + 1 + jitter * (2 * random() - 1);
    plot(end, () => {
      isSending[from] = false;
      isReceiving[to] = false;
      idleSince[from] = now;
      const waiting = parents[to]!.filter((parent) =>
        queues[parent]!.some((item) => item.to === to),
      );
      for (const parent of waiting.toSorted((a, b) => idleSince[a]! - idleSince[b]!)) send(parent);
      send(from);
    });
    plot(end + latency, () => {
      passOn(to, chunk);
      send(to);
    });
  };

  for (let chunk = 0; chunk < chunkCount; chunk += 1) passOn(0, chunk);
  send(0);
  for (let event = events.pop(); event !== undefined; event = events.pop()) {
    now = event.at;
    event.run();
  }
  return now;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
