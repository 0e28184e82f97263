export {
  createMemoryNetwork,
  defaultMemoryNetworkOptions,
  type MemoryNetwork,
  type MemoryNetworkOptions,
} from "./memory-network.js";
