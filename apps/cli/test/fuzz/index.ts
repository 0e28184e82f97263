/** Fuzzing of the command: for tests and the runner of `npm run fuzz`, not published. */
import { type AnyTarget, anyTarget } from "@palmtree/wire/fuzz";
import { optionTarget } from "./option-targets.js";

/** What is fuzzed in the command. */
export const cliTargets: readonly AnyTarget[] = [anyTarget(optionTarget)];
