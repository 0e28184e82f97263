/** Fuzzing of this package: for tests and the runner of `npm run fuzz`, not published. */
import { type AnyTarget, anyTarget } from "@palmtree/wire/fuzz";
import { bitmapTarget } from "./bitmap-target.js";
import { journalTarget } from "./journal-target.js";
import { manifestTarget } from "./manifest-target.js";
import { pathTarget } from "./path-target.js";
import { stagingTarget } from "./staging-target.js";

/** What is fuzzed in this package. */
export const filesTargets: readonly AnyTarget[] = [
  anyTarget(manifestTarget),
  anyTarget(journalTarget),
  anyTarget(stagingTarget),
  anyTarget(pathTarget),
  anyTarget(bitmapTarget),
];
