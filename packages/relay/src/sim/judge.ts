import type { Scenario, SimulationResult } from "./scenario.js";

/** The codes that a peer may be said to have ended by which crashed: nobody can know more. */
const codesOfTheDead = ["timed-out", "not-answering"];

/**
 * What is wrong with how a swarm ended whose root lives: every survivor has to be complete, and
 * every other peer to be reported. What must never happen at any moment, the simulation watches by
 * itself.
 *
 * @returns a sentence for each fault
 */
export function faultsOf(scenario: Scenario, result: SimulationResult): string[] {
  return [...faultsOfResults(scenario, result), ...faultsOfTraffic(scenario, result)];
}

function faultsOfResults(
  { peerCount, crashes = [] }: Scenario,
  result: SimulationResult,
): string[] {
  const faults: string[] = [];
  const crashed = new Set(crashes.map(({ host }) => `10.0.0.${host}:4747`));
  const results = new Map(result.results.map((one) => [one.address, one]));
  if (result.results.length !== peerCount - 1 || results.size !== peerCount - 1)
    faults.push(`${result.results.length} results for ${peerCount - 1} receivers`);
  for (const { address, status, error } of results.values()) {
    if (status === "complete") continue;
    const why = `${error?.code}: ${error?.message}`;
    if (!crashed.has(address)) faults.push(`${address} failed, ${why}`);
    if (!codesOfTheDead.includes(error?.code ?? ""))
      faults.push(`${address} crashed, but is said to have ended by ${why}`);
  }
  const complete = result.results.filter(({ status }) => status === "complete").length;
  // A receiver may die when it is complete, before or after its report has come up.
  if (complete > result.landedCount)
    faults.push(`${complete} are said to be complete, ${result.landedCount} are`);
  return faults;
}

function faultsOfTraffic(scenario: Scenario, result: SimulationResult): string[] {
  const { network, strategy = "tree", crashes = [] } = scenario;
  if ((network?.corruption ?? 0) > 0) return [];
  const faults: string[] = [];
  if (result.blamed.length > 0) faults.push(`wrongly blamed: ${result.blamed[0]}`);
  // A pipeline asks for what is overdue, and that may be on its way.
  if (strategy === "tree" && crashes.length === 0 && result.duplicateCount > 0)
    faults.push(`${result.duplicateCount} chunks were sent to who had them`);
  return faults;
}
