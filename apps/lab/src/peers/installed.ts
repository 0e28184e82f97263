import { runCommand } from "../network/run-command.js";
import { Roster } from "../processes/roster.js";
import type { Tool } from "./tool.js";

/** The packages that a tool needs and this machine does not have. */
export async function missingPackages({ requirements }: Tool): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const { package: name, probe } of requirements) {
    const [program, ...args] = probe;
    const isThere = await runCommand(program, args).then(
      () => true,
      () => false,
    );
    if (!isThere) missing.push(name);
  }
  return missing;
}

/** How long `apt-get` may take. */
const installTimeoutMs = 600_000;

/**
 * Installs what tools need, with the system's own packages. One that cannot be installed stays
 * missing, and is reported as that.
 */
export async function installPeers(
  tools: readonly Tool[],
  { signal, log }: { readonly signal: AbortSignal; readonly log: (line: string) => void },
): Promise<void> {
  const missing = (await Promise.all(tools.map(missingPackages))).flat();
  if (missing.length === 0) return log("all peers are installed");
  log(`installing ${missing.join(", ")}`);
  await using roster = new Roster(signal);
  const options = { name: "apt-get", timeoutMs: installTimeoutMs, hasChildren: true };
  try {
    for (const args of [["update"], ["install", "-y", "--no-install-recommends", ...missing]])
      await roster.start("apt-get", args, options).success();
  } catch (error) {
    signal.throwIfAborted();
    log(error instanceof Error ? error.message : String(error));
  }
}
