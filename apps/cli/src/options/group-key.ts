import { readFile } from "node:fs/promises";
import { isPalmTreeError } from "@palmtree/wire";
import { parseKey } from "../key.js";
import { UsageError, unreadable } from "../usage-error.js";

/** What says which key is used, and whether there need be one. */
export interface KeyOptions {
  readonly keyFile?: string;
  readonly insecure?: true;
}

/**
 * Finds the group key: in `--key-file`, else in PALMTREE_KEY, else in the file that
 * PALMTREE_KEY_FILE names. It is checked, and not used yet.
 *
 * @returns undefined when none is given
 * @throws UsageError key-invalid when it is no key, usage when the file cannot be read
 */
export async function findKey(
  { keyFile }: KeyOptions,
  env: NodeJS.ProcessEnv,
): Promise<Uint8Array | undefined> {
  const { PALMTREE_KEY: text, PALMTREE_KEY_FILE: file } = env;
  if (keyFile !== undefined) return await readKeyFile("--key-file", keyFile);
  if (text !== undefined && text !== "") return checked("PALMTREE_KEY", text);
  if (file !== undefined && file !== "") return await readKeyFile("PALMTREE_KEY_FILE", file);
  return undefined;
}

/** What has to be said before anything is sent or received; undefined with `--insecure`. */
export function insecurityWarning(
  { insecure }: KeyOptions,
  key: Uint8Array | undefined,
): string | undefined {
  if (insecure === true) return undefined;
  const plain = "data is neither encrypted nor authenticated in this release";
  return key === undefined
    ? `${plain}; say --insecure if that is meant (a later release refuses without a key)`
    : `${plain}: the key is checked, and not used yet`;
}

async function readKeyFile(name: string, path: string): Promise<Uint8Array> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw unreadable(name, path, cause);
  });
  return checked(name, text);
}

function checked(name: string, text: string): Uint8Array {
  try {
    return parseKey(text);
  } catch (cause) {
    if (!isPalmTreeError(cause)) throw cause;
    const { code, facts } = cause;
    throw new UsageError(`${name}: the key ${String(facts.problem)}`, { code, cause });
  }
}
