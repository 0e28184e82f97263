import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
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
  const folder = fileURLToPath(new URL("corpus", beside));
  const file = `${name}.json`;
  if (!readdirSync(folder).includes(file)) return [];
  return JSON.parse(readFileSync(join(folder, file), "utf8")) as readonly KeptCase[];
}
