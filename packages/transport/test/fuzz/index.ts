/** Fuzzing of this package: for tests and the runner of `npm run fuzz`, not published. */
import { type AnyTarget, anyTarget } from "@palmtree/wire/fuzz";
import { clientHelloTarget } from "./client-hello-target.js";
import { sealedTarget } from "./sealed-target.js";
import { callTarget, groupKeyTarget } from "./text-targets.js";

/** What is fuzzed in this package. */
export const transportTargets: readonly AnyTarget[] = [
  anyTarget(sealedTarget),
  anyTarget(clientHelloTarget),
  anyTarget(groupKeyTarget),
  anyTarget(callTarget),
];
