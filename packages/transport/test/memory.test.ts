import { createMemoryNetwork } from "../src/memory/index.js";
import { describeTransport } from "./compliance.js";
import type { World } from "./peer.js";

function worldOf(network = createMemoryNetwork()): World {
  let hosts = 0;
  const nextAddress = (): string => {
    hosts += 1;
    return `10.0.0.${hosts}:4747`;
  };
  return {
    open: async (handlers, address = nextAddress()) => network.open(address, handlers),
    vacantAddress: async () => nextAddress(),
  };
}

describeTransport("memory", worldOf());
