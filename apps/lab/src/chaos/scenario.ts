import type { Judge } from "./judge.js";
import type { Swarm } from "./swarm.js";

/** How chunks travel. */
export const strategies = ["pipeline", "tree"] as const;
export type Strategy = (typeof strategies)[number];

/** Something that goes wrong in a transfer, and what must come of it. */
export interface ChaosScenario {
  readonly name: string;
  /** A phrase for people. */
  readonly about: string;
  /** Those in which it is run. */
  readonly strategies: readonly Strategy[];
  readonly receiverCount: number;
  readonly sizeBytes: number;
  /** What every link carries each way, in bits a second. */
  readonly bitsPerSecond: number;
  /** What the links of some hosts carry instead, by their numbers. */
  readonly slowBitsPerSecond?: Readonly<Record<number, number>>;
  /** Beside paths, receivers and strategy. */
  readonly sendArguments: readonly string[];
  /** Whether it runs when no scenario is named. */
  readonly isDefault: boolean;
  /** Longer than this it must not take, whatever happens. */
  readonly timeoutMs: number;
  /** Lets it happen, and says what was seen. The swarm is ended after it. */
  readonly play: (swarm: Swarm, judge: Judge) => Promise<void>;
}
