import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** How many bytes more are in use, on the heap and in buffers, for as long as what is made is held. */
export function heldBytes(make: () => unknown): number {
  const before = usedBytes();
  const made = make();
  const bytes = usedBytes() - before;
  // Named once more after the measurement, so that it is not collected before.
  return made === undefined ? 0 : bytes;
}

function usedBytes(): number {
  collectGarbage();
  collectGarbage(); // buffers go with the second, once what held them is known to be gone
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
