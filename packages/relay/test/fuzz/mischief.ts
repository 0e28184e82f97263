import type { Draw } from "@palmtree/wire/fuzz";

/**
 * How hostile peers behave in one session, as probabilities. Whole kinds of it are left out at
 * random, so that each is also met alone.
 */
export interface Mischief {
  /** Of what their machines say, over UDP and over TCP: how much is lost, changed, and said twice. */
  readonly dropDatagram: number;
  readonly changeDatagram: number;
  readonly dropFrame: number;
  readonly changeFrame: number;
  readonly repeat: number;
  /** Virtual milliseconds between two things that they do beside that, each of them. */
  readonly everyMs: number;
  /** What they do then, by weight. */
  readonly acts: readonly { readonly act: Act; readonly weight: number }[];
  /** When they begin; default: with the first thing that they say. */
  readonly fromMs?: number;
  /** When they come to reason, or fall silent. */
  readonly untilMs: number;
  readonly vanishes: boolean;
}

/** Something that a hostile peer does of its own. */
export type Act =
  /** Any message to anybody. */
  | "datagram"
  /** Any frame over any connection that it has. */
  | "frame"
  /** What it has heard or said before. */
  | "replay-datagram"
  | "replay-frame"
  /** A hundred at once. */
  | "flood-datagrams"
  | "flood-frames"
  /** Connects to anybody, and greets with what it knows. */
  | "dial"
  | "close"
  /** Does not read for a while. */
  | "stall";

const acts: readonly Act[] = [
  "datagram",
  "frame",
  "replay-datagram",
  "replay-frame",
  "flood-datagrams",
  "flood-frames",
  "dial",
  "close",
  "stall",
];

export function drawMischief(draw: Draw): Mischief {
  const sometimes = (probability: number, most: number): number =>
    draw.chance(probability) ? (draw.below(1_000) / 1_000) * most : 0;
  return {
    dropDatagram: sometimes(0.3, 0.8),
    changeDatagram: sometimes(0.5, 0.5),
    dropFrame: sometimes(0.2, 0.3),
    changeFrame: sometimes(0.5, 0.3),
    repeat: sometimes(0.4, 0.5),
    everyMs: 2 ** (2 + draw.below(9)),
    acts: acts.map((act) => ({ act, weight: draw.chance(0.5) ? 0 : 1 + draw.below(9) })),
    untilMs: 500 + draw.below(draw.chance(0.7) ? 5_000 : 30_000),
    vanishes: draw.chance(0.3),
  };
}

/** One of the acts; undefined when all were left out. */
export function drawAct({ acts: weighted }: Mischief, draw: Draw): Act | undefined {
  let at = draw.below(weighted.reduce((sum, { weight }) => sum + weight, 0));
  for (const { act, weight } of weighted) {
    if (at < weight) return act;
    at -= weight;
  }
  return undefined;
}
