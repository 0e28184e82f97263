import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Draw, type FuzzTarget, promise } from "@palmtree/wire/fuzz";
import { simulate } from "../../src/sim/index.js";
import type { Act } from "./mischief.js";
import { addressOf, scenarioOf } from "./swarm-target.js";
import { Watch } from "./watch.js";

/** A member that says as much as it can while a session stands still. */
interface FloodInput {
  readonly seed: number;
  readonly strategy: "tree" | "pipeline";
  readonly acts: readonly Act[];
  /** Virtual milliseconds between two floods of a hundred messages. */
  readonly everyMs: number;
}

/** Before that the session is formed, and hostile peers are quiet. */
const calmMs = 4_000;
const floodMs = 20_000;
/** What the machines and the simulation of four peers may come to hold on to. */
const mostGrownBytes = 12 * 1_024 * 1_024;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** How much a machine keeps of what is said to it. */
export const floodTarget: FuzzTarget<FloodInput> = {
  name: "flood",
  promise: "a machine that is told any number of things keeps a bounded amount of them",
  mostMs: 60_000,
  draw: (draw: Draw) => ({
    seed: draw.uint32(),
    strategy: draw.pick(["tree", "pipeline"]),
    acts: draw.chance(0.5)
      ? ["flood-datagrams"]
      : ["flood-datagrams", "flood-frames", "replay-frame", "dial"],
    everyMs: draw.pick([20, 50]),
  }),
  check: ({ seed, strategy, acts, everyMs }) => {
    const mischief = {
      dropDatagram: 0,
      changeDatagram: 0,
      dropFrame: 0,
      changeFrame: 0,
      repeat: 0,
      everyMs,
      acts: acts.map((act) => ({ act, weight: 1 })),
      fromMs: calmMs,
      untilMs: calmMs + floodMs,
      vanishes: false,
    };
    const hostile = [2];
    const watch = new Watch(hostile.map(addressOf));
    const held = new HeldBytes(watch);
    const { hostile: party, ...scenario } = scenarioOf(
      { seed, scenario: { peerCount: 4, strategy, chunkCount: 40 }, hostile, mischief },
      watch,
    );
    if (party === undefined) return "refused";
    simulate({
      ...scenario,
      // The source pauses until all is over.
      stream: new Map([[20, calmMs + floodMs + 8_000]]),
      hostile: {
        ...party,
        watch: (...what) => {
          held.look();
          party.watch(...what);
        },
      },
    });
    const { grownBytes } = held;
    promise(grownBytes <= mostGrownBytes, () => `${grownBytes} bytes more than before the flood`);
    return "accepted";
  },
  write: (input) => JSON.parse(JSON.stringify(input)),
  read: (kept) => kept as unknown as FloodInput,
};

/** Looks at the heap before a flood, and when it is over. */
class HeldBytes {
  readonly #watch: Watch;
  #before: number | undefined;
  #after: number | undefined;

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  get grownBytes(): number {
    return (this.#after ?? 0) - (this.#before ?? 0);
  }

  look(): void {
    const now = this.#watch.clock();
    if (now > calmMs - 500) this.#before ??= heldBytes();
    if (now > calmMs + floodMs + 2_000) this.#after ??= heldBytes();
  }
}

/** What a first collection only finds to be of no use, as what is held weakly, a second one takes away. */
function heldBytes(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
