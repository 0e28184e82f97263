export type { NetworkConditions } from "./network.js";
export { randomScenario } from "./random-scenario.js";
export {
  BrokenPromise,
  type Crash,
  type Scenario,
  type SimulationResult,
  simulate,
} from "./simulation.js";
