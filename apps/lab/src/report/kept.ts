import { readFile } from "node:fs/promises";
import type { Machine, MeasuredSection } from "./conditions.js";
import { lackOfUnity } from "./merge.js";
import type { Outline } from "./outline.js";
import { parseReport } from "./parse.js";

/** How a saved report can be added to by this machine. */
export interface Keeping {
  readonly file: string;
  readonly machine: Machine;
  /** What each section has to be. */
  readonly section: Outline;
}

/**
 * The sections of a saved report, to which others may be added; none where there is no file.
 *
 * @throws Error with the file and what is wrong, when it cannot be read or is another machine's
 */
export async function readKept<Section extends MeasuredSection>({
  file,
  machine,
  section,
}: Keeping): Promise<readonly Section[]> {
  try {
    const report = parseReport<Section>(await readFile(file, "utf8"), section);
    const lack = lackOfUnity(report.machine, machine);
    if (lack !== undefined) throw new TypeError(lack);
    return report.sections;
  } catch (error) {
    if (isAbsence(error)) return [];
    const why = error instanceof Error ? error.message : String(error);
    const advice = "what is saved there would be lost; mend it, or remove it to begin anew";
    throw new Error(`${file}: ${why} (${advice})`, { cause: error });
  }
}

function isAbsence(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
