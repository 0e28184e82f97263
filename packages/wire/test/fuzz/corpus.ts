import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { AnyTarget, Json } from "./target.js";

/** An input that broke a promise once, or stands for those that easily do. */
export interface KeptCase {
  /** What is special about it. */
  readonly why: string;
  readonly input: Json;
}

/**
 * The cases that are kept for a target, in `corpus/NAME.json` beside its package's fuzzing.
 *
 * @param beside - the URL of a module in that folder
 */
export function corpusOf({ name }: AnyTarget, beside: string): readonly KeptCase[] {
  const file = fileURLToPath(new URL(`corpus/${name}.json`, beside));
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as readonly KeptCase[]) : [];
}
