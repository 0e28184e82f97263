/** Fuzzing of sessions: for tests and the runner of `npm run fuzz`, not published. */
import { type AnyTarget, anyTarget } from "@palmtree/wire/fuzz";
import { floodTarget } from "./flood-target.js";
import { swarmTarget } from "./swarm-target.js";

/** What is fuzzed in this package. */
export const relayTargets: readonly AnyTarget[] = [anyTarget(swarmTarget), anyTarget(floodTarget)];
