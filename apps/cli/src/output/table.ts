import { escapeForTerminal } from "@palmtree/files";

/** A cell: its text, and what colours it once its place is known. */
export interface Cell {
  readonly text: string;
  readonly style?: (text: string) => string;
}

/** A column of a table. */
export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

/**
 * Lays rows out in columns, two spaces apart. Whatever a cell holds is made safe to print. The last column is as wide as it needs to be.
 *
 * @returns lines, the titles first
 */
export function layOut(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): readonly string[] {
  const titles: readonly Cell[] = columns.map(({ title }) => ({ text: title }));
  const all = [titles, ...rows].map((row) =>
    row.map((cell) => ({ ...cell, text: escapeForTerminal(cell.text) })),
  );
  const widths = columns.map((_, place) =>
    Math.max(...all.map((row) => row[place]?.text.length ?? 0)),
  );
  return all.map((row) =>
    row
      .map(({ text, style = String }, place) => {
        const room = " ".repeat(Math.max(0, (widths[place] ?? 0) - text.length));
        return columns[place]?.align === "right" ? room + style(text) : style(text) + room;
      })
      .join("  ")
      .trimEnd(),
  );
}
