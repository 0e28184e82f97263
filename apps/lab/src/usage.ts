import type { Catalog } from "./catalog.js";
import { toolNames } from "./peers/tool.js";

/** How often each scenario is run. */
export const runCounts = { min: 1, default: 3, max: 100 } as const;

/** What the command takes. */
export function usage({ loopback, shaped }: Catalog): string {
  return `Usage: npm run bench -- [SCENARIO...] [OPTIONS]

On loopback; \`loopback\` stands for all of them that need not be named:
${list(loopback)}

In the lab, network namespaces with shaped links (Linux, root, iproute2); \`shaped\` for all:
${list(shaped)}

Without a scenario both sets are run.

Options:
  --runs N       how often each is run, 1 to ${runCounts.max}; medians are judged (default ${runCounts.default})
  --dir DIR      where temporary files go (default: memory if it has room, else the disk)
  --json FILE    write all numbers to FILE
  --save         write docs/benchmarks/loopback.{json,md} and shaped.{json,md,svg}; scenarios that
                 are not run, or are skipped, keep what is there. Refused at once where that is
                 not readable or of another machine (platform, cores): remove it to begin anew
  --profile DIR  leave a CPU profile of every palmtree process in DIR (slower)
  --help         print this

Options of the lab:
  --only TOOLS             of ${toolNames.join(", ")}: run these and no others
  --strategy NAME          of \`palmtree send\` (default: what it does by itself)
  --send-arguments "ARGS"  more arguments of \`palmtree send\`, separated by blanks
  --time-limit SECONDS     how long a distribution may take (default: each scenario's own)
  --keep-logs DIR          leave what every process says in DIR
  --install-peers          first install the tools that are missing, with apt-get; services that
                           their packages bring may be started by it

Exit: 0 every promise held, 1 a promise was not held, a run failed, or \`--save\` was
refused, 2 usage.
`;
}

interface Listed {
  readonly name: string;
  readonly about: string;
  readonly isDefault: boolean;
}

function list(scenarios: readonly Listed[]): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  const lines = scenarios.map(({ name, about, isDefault }) => {
    const remark = isDefault ? "" : " (only when named)";
    return `  ${name.padEnd(width)}  ${about}${remark}`;
  });
  return lines.join("\n");
}
