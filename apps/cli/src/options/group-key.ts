import { readFile, stat } from "node:fs/promises";
import { GroupKey, type GroupKeys } from "@palmtree/relay";
import { isPalmTreeError } from "@palmtree/wire";
import { quote, UsageError, unreadable } from "../usage-error.js";

/** What says which keys are used, and whether there need be one. */
export interface KeyOptions {
  readonly keyFile?: string;
  readonly insecure?: true;
}

/** The keys to use, and what has to be said about them. */
export interface FoundKeys {
  /** The first is what is sent with. */
  readonly keys: GroupKeys;
  /** Safe to print. */
  readonly warnings: readonly string[];
}

/** Keys at the same time: one, and a few while they are being replaced. */
const mostKeys = 8;

/**
 * Finds the group's keys: in `--key-file`, else in PALMTREE_KEY, else in the file that
 * PALMTREE_KEY_FILE names.
 *
 * @throws UsageError `key-invalid` when there is none and `--insecure` is not said, or one is
 * malformed; `usage` when a file cannot be read
 */
export async function findKeys(
  { keyFile, insecure }: KeyOptions,
  env: NodeJS.ProcessEnv,
): Promise<FoundKeys> {
  if (insecure === true) {
    const isGiven = [keyFile, env.PALMTREE_KEY, env.PALMTREE_KEY_FILE].some((text) => text);
    const unused = "--insecure: the key is not used, and anybody can read and change what is sent";
    return { keys: "insecure", warnings: isGiven ? [unused] : [] };
  }
  const found = await readKeys(keyFile, env);
  if (found !== undefined) return found;
  throw new UsageError(
    "there is no key: make one by `palmtree keygen --out FILE`, copy it to every host, and say " +
      "--key-file FILE there; or say --insecure on all of them, if anybody may read and change what is sent",
    { code: "key-invalid" },
  );
}

async function readKeys(
  keyFile: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<FoundKeys | undefined> {
  const { PALMTREE_KEY: text, PALMTREE_KEY_FILE: file } = env;
  if (keyFile !== undefined) return await readKeyFile("--key-file", keyFile);
  if (text !== undefined && text !== "")
    return { keys: parseKeys("PALMTREE_KEY", text.split(/\s+/)), warnings: [] };
  if (file !== undefined && file !== "") return await readKeyFile("PALMTREE_KEY_FILE", file);
  return undefined;
}

/** One key a line; # begins a comment. */
async function readKeyFile(name: string, path: string): Promise<FoundKeys> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw unreadable(name, path, cause);
  });
  const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim());
  return { keys: parseKeys(name, lines), warnings: await judgeMode(name, path) };
}

/** Whoever can read the key can take part. */
async function judgeMode(name: string, path: string): Promise<readonly string[]> {
  const { mode } = await stat(path);
  const isForOthers = process.platform !== "win32" && (mode & 0o077) !== 0;
  if (!isForOthers) return [];
  const bits = (mode & 0o777).toString(8);
  return [`${name}: others can read ${quote(path)} (mode ${bits}): chmod 600 it`];
}

/** @param texts - empty ones do not count */
function parseKeys(name: string, texts: readonly string[]): readonly GroupKey[] {
  const given = texts.filter((text) => text !== "");
  if (given.length > mostKeys)
    throw new UsageError(`${name}: got ${given.length} keys, expected at most ${mostKeys}`);
  if (given.length === 0) return [parseKey(name, "")];
  return given.map((text) => parseKey(name, text));
}

function parseKey(name: string, text: string): GroupKey {
  try {
    return GroupKey.parse(text);
  } catch (cause) {
    if (!isPalmTreeError(cause)) throw cause;
    const { code, facts } = cause;
    throw new UsageError(`${name}: the key ${String(facts.problem)}`, { code, cause });
  }
}
