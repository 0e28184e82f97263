import type { ChaosScenario } from "./scenario.js";
import { killed } from "./scenarios/killed.js";
import { silent } from "./scenarios/silent.js";

/** Everything that is done to swarms, in the order in which it is. */
export const chaosScenarios: readonly ChaosScenario[] = [...killed, ...silent];
