import type { ChaosScenario } from "./scenario.js";
import { disks } from "./scenarios/disks.js";
import { killed } from "./scenarios/killed.js";
import { roots } from "./scenarios/roots.js";
import { signals } from "./scenarios/signals.js";
import { silent } from "./scenarios/silent.js";
import { slow } from "./scenarios/slow.js";
import { smoke } from "./scenarios/smoke.js";

/** Everything that is done to swarms, in the order in which it is. */
export const chaosScenarios: readonly ChaosScenario[] = [
  ...killed,
  ...silent,
  ...disks,
  ...roots,
  ...signals,
  ...slow,
  smoke,
];
