export {
  createMemoryNetwork,
  defaultMemoryNetworkOptions,
  type MemoryNetwork,
  type MemoryNetworkOptions,
  type MemoryTransportOptions,
} from "./memory-network.js";
