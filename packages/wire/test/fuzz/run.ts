import { Draw } from "./draw.js";
import { type AnyTarget, Finding, type Json, type Verdict } from "./target.js";

/** A case that broke its promise. */
export interface Failure {
  /** Draws the case again. */
  readonly seed: number;
  /** The input, to be kept in a corpus; undefined when drawing it failed already. */
  readonly input: Json | undefined;
  readonly error: unknown;
}

/** The seed of each case: a run is reproduced from its first one, a case from its own. */
export function seedOf(firstSeed: number, place: number): number {
  return (firstSeed + place) % 2 ** 32;
}

/**
 * Runs one case.
 *
 * @param onDrawn - called between drawing the input and trying it, of which only the latter is timed
 * @returns its verdict, or how it failed
 */
export async function runCase(
  target: AnyTarget,
  seed: number,
  onDrawn: () => void = () => undefined,
): Promise<Verdict | Failure> {
  let input: unknown;
  let isDrawn = false;
  try {
    input = target.draw(new Draw(seed));
    isDrawn = true;
    onDrawn();
    const verdict = target.check(input);
    return typeof verdict === "string" ? verdict : await verdict;
  } catch (error) {
    return { seed, input: isDrawn ? target.write(input) : undefined, error };
  }
}

/** How cases ended. */
export interface Tally {
  accepted: number;
  refused: number;
}

/**
 * Runs cases one after the other, for tests.
 *
 * @throws Finding at the first that breaks its promise, with its seed and input
 */
export async function runCases(target: AnyTarget, seed: number, cases: number): Promise<Tally> {
  const tally: Tally = { accepted: 0, refused: 0 };
  for (let place = 0; place < cases; place += 1) {
    const outcome = await runCase(target, seedOf(seed, place));
    if (typeof outcome !== "string") throw findingOf(target, outcome);
    tally[outcome] += 1;
  }
  return tally;
}

/** The failure as an error that says how to repeat it. */
export function findingOf(target: AnyTarget, { seed, input, error }: Failure): Finding {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const kept = input === undefined ? "" : `\ninput: ${JSON.stringify(input).slice(0, 4_000)}`;
  const again = `npm run fuzz -- --target ${target.name} --seed ${seed} --cases 1`;
  return new Finding(`${again}\n${what}${kept}`, { cause: error });
}
