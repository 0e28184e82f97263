import type { Outline } from "./outline.js";

/** What a number depends on so much that numbers of two of them do not stand on one page. */
export interface Machine {
  /** Operating system and architecture. */
  readonly platform: string;
  readonly cores: number;
}

/** Under what conditions the numbers of one run came about, beside the machine. */
export interface Conditions {
  /** ISO 8601, the day only. */
  readonly date: string;
  /** Of the sources; `+` behind it: they were changed. Absent: not known. */
  readonly commit?: string;
  readonly node: string;
  /** Processes that wanted to run in the minute before; above 0, others disturbed the numbers. */
  readonly loadBefore: number;
  readonly storage: "memory" | "disk";
  /** How often each scenario was run. */
  readonly runCount: number;
  /** What repeats it. */
  readonly command: string;
}

export const conditionsOutline: Readonly<Record<string, Outline>> = {
  date: "string",
  "commit?": "string",
  node: "string",
  loadBefore: "number",
  storage: "string",
  runCount: "number",
  command: "string",
};

/** Where and how everything in a run is measured. */
export interface Setting<C extends Conditions = Conditions> {
  readonly machine: Machine;
  readonly conditions: C;
}

/** What every section of a report says, whatever it measured. */
export interface MeasuredSection {
  readonly scenario: string;
  readonly conditions: Conditions;
  /** Why nothing was measured. */
  readonly skipped?: string;
}

/** What was measured on one machine, as it is written to JSON: not all of it in the same run. */
export interface ReportOf<Section extends MeasuredSection> {
  readonly version: 2;
  readonly machine: Machine;
  readonly sections: readonly Section[];
  /** Whether every promise was held that could be measured. */
  readonly isHeld: boolean;
}
