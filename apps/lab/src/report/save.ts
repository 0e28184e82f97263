import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Writes numbers for programs. */
export async function saveJson(file: string, value: unknown): Promise<void> {
  await saveText(file, `${JSON.stringify(value, undefined, 2)}\n`);
}

/** Writes a page or a picture for people. */
export async function saveText(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
