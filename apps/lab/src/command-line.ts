import { parseArgs } from "node:util";
import { type Catalog, setNames } from "./catalog.js";
import { type ToolName, toolNames } from "./peers/tool.js";
import { runCounts } from "./usage.js";

/** What the command was asked to do. */
export interface Order extends Catalog {
  readonly runCount: number;
  /** Where temporary files go; undefined: memory if it has room, else the system's place. */
  readonly directory: string | undefined;
  readonly jsonFile: string | undefined;
  /** Where every process leaves a CPU profile; undefined: no profiles. */
  readonly profileDirectory: string | undefined;
  /** Where what every process of the lab says is kept; undefined: nowhere. */
  readonly logDirectory: string | undefined;
  readonly isSaved: boolean;
  /** The tools that run in the lab; undefined: each scenario's own. */
  readonly only: readonly ToolName[] | undefined;
  /** Arguments of `palmtree send` in the lab, beside paths and receivers. */
  readonly sendArguments: readonly string[];
  /** How long a distribution in the lab may take; undefined: each scenario's own limit. */
  readonly timeLimitMs: number | undefined;
  readonly installsPeers: boolean;
  /** The command that repeats this, without what is particular to a machine. */
  readonly command: string;
}

const options = {
  runs: { type: "string", default: String(runCounts.default) },
  dir: { type: "string" },
  json: { type: "string" },
  save: { type: "boolean", default: false },
  profile: { type: "string" },
  only: { type: "string" },
  strategy: { type: "string" },
  "send-arguments": { type: "string" },
  "time-limit": { type: "string" },
  "keep-logs": { type: "string" },
  "install-peers": { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** Options that change what is measured, not only where. */
const repeated = ["only", "strategy", "send-arguments", "time-limit"] as const;

/**
 * @returns what to do; undefined when help is asked for
 * @throws TypeError or RangeError for what cannot be done; the message is for the user
 */
export function parseOrder(args: readonly string[], catalog: Catalog): Order | undefined {
  const { values, positionals } = parseArgs({
    args: joined(args, "--send-arguments"),
    allowPositionals: true,
    options,
  });
  if (values.help) return undefined;
  const { max } = runCounts;
  const runCount = parseWhole("--runs", values.runs, max);
  const limit = values["time-limit"];
  const again = repeated.flatMap((name) => {
    const value = values[name];
    if (value === undefined) return [];
    return [`--${name}`, value.includes(" ") || value.startsWith("-") ? `"${value}"` : value];
  });
  return {
    ...choose(positionals, catalog),
    runCount,
    directory: values.dir,
    jsonFile: values.json,
    profileDirectory: values.profile,
    logDirectory: values["keep-logs"],
    isSaved: values.save,
    only: values.only === undefined ? undefined : parseTools(values.only),
    sendArguments: [
      ...(values.strategy === undefined ? [] : ["--strategy", values.strategy]),
      ...(values["send-arguments"] ?? "").split(/\s+/).filter((word) => word !== ""),
    ],
    timeLimitMs: limit === undefined ? undefined : parseWhole("--time-limit", limit, 3_600) * 1_000,
    installsPeers: values["install-peers"],
    command: ["npm run bench --", ...positionals, `--runs ${runCount}`, ...again].join(" "),
  };
}

/** The value of this option begins with a dash, which only `--option=value` may otherwise. */
function joined(args: readonly string[], option: string): string[] {
  const at = args.indexOf(option);
  const value = args[at + 1];
  if (at === -1 || value === undefined) return [...args];
  return [...args.slice(0, at), `${option}=${value}`, ...args.slice(at + 2)];
}

function parseWhole(option: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
  throw new RangeError(`${option}: got ${JSON.stringify(text)}, expected 1 to ${max}`);
}

function parseTools(text: string): readonly ToolName[] {
  const names = text.split(",").filter((name) => name !== "");
  const unknown = names.find((name) => !toolNames.some((tool) => tool === name));
  if (unknown === undefined && names.length > 0)
    return toolNames.filter((tool) => names.includes(tool));
  const got = JSON.stringify(unknown ?? text);
  throw new RangeError(`--only: got ${got}, expected some of ${toolNames.join(",")}`);
}

/** In the order of the tables, each once. */
function choose(names: readonly string[], { loopback, shaped }: Catalog): Catalog {
  const known: readonly string[] = [
    ...setNames,
    ...[...loopback, ...shaped].map(({ name }) => name),
  ];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new RangeError(
      `no scenario is called ${JSON.stringify(unknown)}; there are ${known.join(", ")}`,
    );
  const isChosen =
    (set: string) =>
    ({ name, isDefault }: { readonly name: string; readonly isDefault: boolean }): boolean =>
      names.includes(name) || (isDefault && (names.length === 0 || names.includes(set)));
  return {
    loopback: loopback.filter(isChosen("loopback")),
    shaped: shaped.filter(isChosen("shaped")),
  };
}
