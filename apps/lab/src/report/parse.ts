import type { MeasuredSection, ReportOf } from "./conditions.js";
import { checkOutline, mismatch, type Outline } from "./outline.js";

/**
 * A report that was saved, in the format of today.
 *
 * @param section - what each of its sections has to be, which is taken to mean that it is one
 * @throws SyntaxError for what is no JSON, TypeError for what is no such report
 */
export function parseReport<Section extends MeasuredSection>(
  text: string,
  section: Outline,
): ReportOf<Section> {
  const read: unknown = JSON.parse(text);
  checkOutline(read, { version: "number" }, "");
  const { version } = read as { readonly version: number };
  if (version !== 1 && version !== 2) throw mismatch("version", version, "1 or 2");
  const report = version === 1 ? upgrade(read) : read;
  const machine = { platform: "string", cores: "number" } as const;
  checkOutline(report, { machine, sections: [section], isHeld: "boolean" }, "");
  return report as ReportOf<Section>;
}

/** In version 1 all was measured in one run, and how often, only its command said. */
function upgrade(read: unknown): unknown {
  checkOutline(read, { sections: [{ scenario: "string" }], command: "string" }, "");
  const { platform, cores, sections, isHeld, version: _, ...rest } = read as VersionOne;
  const [, runs] = /--runs (\d+)/.exec(rest.command) ?? [];
  const conditions = { ...rest, runCount: runs === undefined ? undefined : Number(runs) };
  return {
    version: 2,
    machine: { platform, cores },
    sections: sections.map(({ scenario, ...section }) => ({ scenario, conditions, ...section })),
    isHeld,
  };
}

/** As much of it as is certain before it is upgraded. */
interface VersionOne {
  readonly version: 1;
  readonly platform: unknown;
  readonly cores: unknown;
  readonly command: string;
  readonly sections: readonly { readonly scenario: string }[];
  readonly isHeld: unknown;
}
