import type { Judge } from "./judge.js";
import type { Swarm } from "./swarm.js";

/** How chunks travel. */
export const strategies = ["pipeline", "tree"] as const;
export type Strategy = (typeof strategies)[number];

/** What a swarm is made of. */
export interface SwarmShape {
  readonly receiverCount: number;
  /** What every link carries each way, in bits a second. */
  readonly bitsPerSecond: number;
  /** What the links of some hosts carry instead, by their numbers. */
  readonly slowBitsPerSecond?: Readonly<Record<number, number>>;
  /** What Node is told on some hosts, by their numbers, instead of to be a receiver. */
  readonly standIns?: Readonly<Record<number, (place: Place) => readonly string[]>>;
  /** Beside paths, receivers and strategy. */
  readonly sendArguments: readonly string[];
  /** Longer than this it must not take, whatever happens. */
  readonly timeoutMs: number;
}

/** Where somebody receives. */
interface Place {
  readonly listen: string;
  readonly directory: string;
}

/** Something that goes wrong in a transfer, and what must come of it. */
export interface ChaosScenario extends SwarmShape {
  readonly name: string;
  /** A phrase for people. */
  readonly about: string;
  /** Those in which it is run. */
  readonly strategies: readonly Strategy[];
  readonly sizeBytes: number;
  /** Whether it runs when no scenario is named. */
  readonly isDefault: boolean;
  /** Lets it happen, and says what was seen. The swarm is ended after it. */
  readonly play: (swarm: Swarm, judge: Judge) => Promise<void>;
}
