import type { ChaosHost } from "./chaos-host.js";
import type { Judge } from "./judge.js";
import type { Swarm } from "./swarm.js";

/** The exit codes of `palmtree`. */
export const exits = { complete: 0, failed: 1, partial: 3 } as const;

/** Twice the time in which a dead neighbour must be noticed. */
const mostPauseSeconds = 4;

/** Waits for the sender to end by itself, and says with which code. */
export async function judgeSender(swarm: Swarm, judge: Judge, code: number): Promise<void> {
  const exit = await swarm.sender.exited;
  judge.exactly("the sender's exit code", exit.code ?? `ended by ${exit.signal}`, code);
}

/** Each of these must end well, with the source's file. */
export async function judgeWhole(
  { source, signal }: Swarm,
  judge: Judge,
  hosts: readonly ChaosHost[],
): Promise<void> {
  const failures: string[] = [];
  for (const host of hosts) {
    const exit = await host.ended(lingerMs);
    const isWhole = await host.isWhole(source.fingerprint, signal);
    if (exit?.code === exits.complete && isWhole) continue;
    const how = exit === undefined ? "runs on" : `exit ${exit.code ?? exit.signal}`;
    failures.push(`${host.name}: ${how}, ${host.errorCode}${isWhole ? "" : ", no copy"}`);
  }
  const whole = hosts.length - failures.length;
  const seen = [`${whole} of ${hosts.length}`, ...failures].join("; ");
  judge.exactly("hosts that end whole", seen, `${hosts.length} of ${hosts.length}`);
}

/** What a receiver may take to end once the session is over. */
const lingerMs = 8_000;

/** How long the one of these that stood still for longest did so, from a moment until it landed. */
export function judgePauses(judge: Judge, hosts: readonly ChaosHost[], fromMs: number): void {
  const pauses = hosts.map(({ name, progress, landedAtMs }) => ({
    name,
    seconds: progress.longestPauseSeconds(fromMs, landedAtMs ?? performance.now()),
  }));
  const longest = pauses.reduce((a, b) => (b.seconds > a.seconds ? b : a));
  judge.atMost("longest pause of a survivor, s", longest.seconds, mostPauseSeconds);
}

/**
 * How many copies of the file the one of these got that got most, over all its lives.
 *
 * @param mostCopies - what is promised
 */
export async function judgeReceived(
  { network, source }: Swarm,
  judge: Judge,
  hosts: readonly ChaosHost[],
  mostCopies = 1.1,
): Promise<void> {
  const fetched = hosts.map(({ fetchedBytes }) => fetchedBytes / source.bytes);
  judge.atMost("most payload received, in copies", Math.max(...fetched), mostCopies);
  const taken: number[] = [];
  for (const { host } of hosts) taken.push((await network.receivedBytes(host)) / source.bytes);
  judge.tell("the same with headers and acknowledgements", Math.max(...taken));
}
