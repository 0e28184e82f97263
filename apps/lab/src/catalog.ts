import type { Scenario } from "./scenario.js";
import { scenarios } from "./scenarios.js";
import type { ShapedScenario } from "./shaped/scenario.js";
import { shapedScenarios } from "./shaped/scenarios.js";

/** All scenarios, by where they run: one loopback interface, or the lab's shaped links. */
export interface Catalog {
  readonly loopback: readonly Scenario[];
  readonly shaped: readonly ShapedScenario[];
}

/** The name of a set stands for all of it that need not be named. */
export const setNames = ["loopback", "shaped"] as const;

export const catalog: Catalog = { loopback: scenarios, shaped: shapedScenarios };
