/**
 * Fuzzing of this package, and what the other packages' fuzzing is made of. Only tests and the
 * runner of `npm run fuzz` import it: it is no part of what is published.
 */
import { datagramTarget } from "./datagram-target.js";
import { framesTarget } from "./frames-target.js";
import { type AnyTarget, anyTarget } from "./target.js";
import { addressTarget, utf8Target } from "./text-targets.js";

export { joined, mutateBytes } from "./bytes.js";
export { corpusOf, type KeptCase } from "./corpus.js";
export { drawPacket } from "./datagram-target.js";
export { Draw } from "./draw.js";
export { array, bytesOf, type Item, mutateItem, text, uint } from "./items.js";
export { checkPrintable, checkRefusal } from "./refusal.js";
export { type Failure, findingOf, runCase, runCases, seedOf } from "./run.js";
export { datagramShapes, frameShapes, type MessageShape, type Shape } from "./shape.js";
export {
  type AnyTarget,
  anyTarget,
  Finding,
  type FuzzTarget,
  type Json,
  promise,
  type Verdict,
} from "./target.js";
export { keptAsText, mutateText } from "./text-targets.js";
export { drawMessage, type Seen } from "./values.js";

/** What is fuzzed in this package. */
export const wireTargets: readonly AnyTarget[] = [
  anyTarget(datagramTarget),
  anyTarget(framesTarget),
  anyTarget(addressTarget),
  anyTarget(utf8Target),
];
