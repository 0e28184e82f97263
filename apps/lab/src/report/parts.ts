import { formatNumber } from "../units.js";
import type { Conditions, Machine, MeasuredSection } from "./conditions.js";
import type { Column } from "./table.js";

/** A condition that a report shows. */
export interface ConditionColumn<C extends Conditions> extends Column {
  readonly cellOf: (conditions: C) => string;
}

/** The conditions of every report. */
export const conditionColumns: readonly ConditionColumn<Conditions>[] = [
  { title: "date", align: "left", cellOf: ({ date }) => date },
  { title: "commit", align: "left", cellOf: ({ commit = "" }) => commit },
  { title: "runs", align: "right", cellOf: ({ runCount }) => String(runCount) },
  { title: "Node", align: "left", cellOf: ({ node }) => node },
  { title: "load before", align: "right", cellOf: ({ loadBefore }) => formatNumber(loadBefore) },
  { title: "files", align: "left", cellOf: ({ storage }) => placeNames[storage] },
];

const placeNames = { memory: "in memory", disk: "on a disk" } as const;

/** Sections of one report whose conditions have the same type. */
type Sections<C extends Conditions> = readonly (MeasuredSection & { readonly conditions: C })[];

/** A table of conditions: what was measured together is one line. */
export function tabulateConditions<C extends Conditions>(
  sections: Sections<C>,
  columns: readonly ConditionColumn<C>[],
): { readonly columns: readonly Column[]; readonly rows: readonly string[][] } {
  return {
    columns: [{ title: "measured together", align: "left" }, ...columns],
    rows: partsOf(sections).map(([conditions, scenarios]) => [
      scenarios.join(", "),
      ...columns.map(({ cellOf }) => cellOf(conditions)),
    ]),
  };
}

/** The commands that repeat a report, each once. */
export function commandsOf(sections: readonly MeasuredSection[]): string {
  return [...new Set(sections.map(({ conditions }) => conditions.command))].join("\n");
}

export function describeMachine({ platform, cores }: Machine): string {
  return `${platform}, ${cores} cores`;
}

/** Scenarios by the run that measured them: nothing else has all conditions alike. */
function partsOf<C extends Conditions>(sections: Sections<C>): [C, string[]][] {
  const parts = new Map<string, [C, string[]]>();
  for (const { scenario, conditions } of sections) {
    const part = parts.get(JSON.stringify(conditions));
    if (part === undefined) parts.set(JSON.stringify(conditions), [conditions, [scenario]]);
    else part[1].push(scenario);
  }
  return [...parts.values()];
}
