export { faultsOf } from "./judge.js";
export type { LinkRates, NetworkConditions } from "./network/conditions.js";
export { BrokenPromise } from "./promise-watch.js";
export { randomScenario } from "./random-scenario.js";
export { roughScenario } from "./rough-scenario.js";
export type {
  Crash,
  DiskFault,
  Latecomer,
  Leftover,
  Lie,
  Partition,
  Restart,
  Scenario,
  ScenarioEvent,
  SimulationResult,
  StreamPauses,
} from "./scenario.js";
export { simulate } from "./simulation.js";
