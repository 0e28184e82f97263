import type { PeerResult } from "../core/step.js";
import { hostAddress } from "./host-address.js";
import type { Latecomer, Partition, Scenario, SimulationResult } from "./scenario.js";

/** The codes that a peer may be said to have ended by which crashed: nobody can know more. */
const codesOfTheDead = ["timed-out", "not-answering"];

/** Whoever comes so long before the end is let in, however many of its knocks are lost. */
const lettingInMs = 10_000;

/** How long everybody may take once nothing more happens: several times the longest seen. */
const healingMs = 60_000;

/**
 * What is wrong with how a swarm ended whose root lives: every survivor has to be complete, and
 * every other peer to be reported, within a minute after the last thing that happened. What must never happen at any moment, the simulation watches by
 * itself.
 *
 * @returns a sentence for each fault
 */
export function faultsOf(scenario: Scenario, result: SimulationResult): string[] {
  return [
    ...faultsOfResults(scenario, result),
    ...faultsOfHealing(scenario, result),
    ...faultsOfTraffic(scenario, result),
  ];
}

function faultsOfResults(scenario: Scenario, result: SimulationResult): string[] {
  const faults: string[] = [];
  const results = new Map(result.results.map((one) => [one.address, one]));
  if (results.size < result.results.length) faults.push("a receiver has several results");
  for (let host = 1; host < scenario.peerCount; host += 1) {
    const one = results.get(hostAddress(host));
    results.delete(hostAddress(host));
    const fault =
      one === undefined
        ? faultOfAbsence(host, scenario, result)
        : faultOfResult(host, one, scenario, result);
    if (fault !== undefined) faults.push(`${hostAddress(host)} ${fault}`);
  }
  for (const address of results.keys()) faults.push(`${address} has a result, and does not exist`);
  const complete = result.results.filter(({ status }) => status === "complete").length;
  // A receiver may die when it is complete, before or after its report has come up.
  if (complete > result.landedCount)
    faults.push(`${complete} are said to be complete, ${result.landedCount} are`);
  return faults;
}

function faultOfResult(
  host: number,
  one: PeerResult,
  scenario: Scenario,
  result: SimulationResult,
): string | undefined {
  const diskFault = scenario.diskFaults?.find((fault) => fault.host === host);
  const mayFail = diskFault !== undefined && result.failedDisks.includes(host);
  if (one.status === "complete")
    return mayFail ? "is said to be complete, and its disk refused a chunk" : undefined;
  const { code = "", message } = one.error ?? {};
  if (mayFail && code === diskFault.code) return undefined;
  // Its report, and that it left, is said once, and may have been lost.
  const isLossy = (scenario.network?.loss ?? 0) > 0 || (scenario.partitions ?? []).length > 0;
  const isMute = mayFail && isLossy;
  const isDead = isMute || (hasCrashed(host, scenario) && !isBackInTime(host, scenario, result));
  if (isDead && codesOfTheDead.includes(code)) return undefined;
  if (code === "not-answering" && isUnreachable(host, one, scenario, result)) return undefined;
  return `${isDead ? "crashed, but is said to have ended by" : "failed,"} ${code}: ${message}`;
}

/** Whether it was started anew, after its crash, so early that it has to be complete. */
function isBackInTime(
  host: number,
  { restarts = [] }: Scenario,
  result: SimulationResult,
): boolean {
  const restart = restarts.find((one) => one.host === host);
  return restart !== undefined && isInTime(restart.atMs, openUntilMs(result), result);
}

/** Only who comes by itself, and when all is over, or nearly, has no result. */
function faultOfAbsence(
  host: number,
  scenario: Scenario,
  result: SimulationResult,
): string | undefined {
  const latecomer = scenario.latecomers?.find((one) => one.host === host);
  if (latecomer === undefined) return "has no result";
  const { how } = latecomer;
  const atMs = heardAtMs(latecomer, scenario, result);
  if (hasCrashed(host, scenario) && how === "knock") return undefined;
  const endMs = how === "knock" ? openUntilMs(result) : result.durationMs;
  if (!isInTime(atMs, endMs, result)) return undefined;
  return `came after ${atMs} of ${endMs} ms and has no result`;
}

/** Whether a latecomer was cut off before it had to be let in, and until nearly the end of the wait. */
function isUnreachable(
  host: number,
  { seconds }: PeerResult,
  scenario: Scenario,
  result: SimulationResult,
): boolean {
  const latecomer = scenario.latecomers?.find((one) => one.host === host);
  if (latecomer === undefined) return false;
  const { atMs } = latecomer;
  const partitions = (scenario.partitions ?? []).filter(
    (partition) => healedFrom(partition, result) - partition.durationMs < atMs + lettingInMs,
  );
  const heardAt = heardAtMs(latecomer, { ...scenario, partitions }, result);
  return partitions.length > 0 && seconds * 1_000 < heardAt + lettingInMs;
}

/** From when on the root can hear of a latecomer: nobody knocks through a partition. */
function heardAtMs(
  { host, atMs }: Latecomer,
  { partitions = [] }: Scenario,
  result: SimulationResult,
): number {
  const around = partitions.filter(({ hosts }) => hosts.includes(host) !== hosts.includes(0));
  return Math.max(atMs, ...around.map((partition) => healedFrom(partition, result)));
}

function healedFrom(
  { since, atMs, durationMs }: Partition,
  { openedAtMs = 0 }: SimulationResult,
): number {
  return (since === "start" ? 0 : openedAtMs) + atMs + durationMs;
}

/** Whether who comes at that time has to be let in before that end. */
function isInTime(atMs: number, endMs: number, { formedAtMs = endMs }: SimulationResult): boolean {
  return endMs > Math.max(atMs, formedAtMs) + lettingInMs;
}

/**
 * Who comes by itself is let in as long as others are at it, not while one that was added is
 * awaited.
 */
function openUntilMs({ results }: SimulationResult): number {
  const numbered = results.filter(({ number }) => number !== undefined);
  return Math.max(0, ...numbered.map(({ seconds }) => seconds * 1_000));
}

function hasCrashed(host: number, { crashes = [] }: Scenario): boolean {
  return crashes.some((crash) => crash.host === host);
}

/** Once nothing more happens to anybody, everybody who is to be complete soon is. */
function faultsOfHealing(scenario: Scenario, result: SimulationResult): string[] {
  const healedMs = healedAtMs(scenario, result);
  const lateMs = (result.lastFinishedMs ?? 0) - healedMs;
  if (lateMs <= healingMs) return [];
  return [
    `the last was complete ${lateMs} ms after the last thing that happened, at ${healedMs} ms`,
  ];
}

function healedAtMs(scenario: Scenario, result: SimulationResult): number {
  const { formedAtMs = 0 } = result;
  const { crashes = [], restarts = [], latecomers = [], events = [], partitions = [] } = scenario;
  const happened = [...crashes, ...restarts, ...latecomers, ...events].map(({ atMs }) => atMs);
  const healed = partitions.map((partition) => healedFrom(partition, result));
  const last = Math.max(formedAtMs, ...happened, ...healed);
  // Pauses come one after the other, none before chunks may leave.
  const pauses = [...(scenario.stream?.values() ?? [])];
  return pauses.reduce((sum, pauseMs) => sum + pauseMs, last);
}

function faultsOfTraffic(scenario: Scenario, result: SimulationResult): string[] {
  const { network, strategy = "tree", crashes = [], latecomers = [], partitions = [] } = scenario;
  if ((network?.corruption ?? 0) > 0) return [];
  const faults: string[] = [];
  if (result.blamed.length > 0) faults.push(`wrongly blamed: ${result.blamed[0]}`);
  // A pipeline asks for what is overdue, and that may be on its way.
  const disturbances = [crashes, latecomers, partitions, result.failedDisks];
  const isUndisturbed = disturbances.every(({ length }) => length === 0);
  if (strategy === "tree" && isUndisturbed && result.duplicateCount > 0)
    faults.push(`${result.duplicateCount} chunks were sent to who had them`);
  return faults;
}
