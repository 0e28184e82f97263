/** A column of a table. */
export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

/** Lines of text with aligned columns, and a line under the titles. */
export function renderText(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const widths = widthsOf(columns, rows);
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, at) => pad(cells[at] ?? "", widths[at] ?? 0, align))
      .join("  ")
      .trimEnd();
  const titles = line(columns.map(({ title }) => title));
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  return [titles, rule, ...rows.map(line)].join("\n");
}

/** The same as a Markdown table. */
export function renderMarkdown(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const escaped = rows.map((cells) => cells.map((cell) => cell.replaceAll("|", "\\|")));
  return [
    line(columns.map(({ title }) => title)),
    `|${columns.map(({ align }) => (align === "right" ? "--:" : "---")).join("|")}|`,
    ...escaped.map(line),
  ].join("\n");
}

function widthsOf(columns: readonly Column[], rows: readonly (readonly string[])[]): number[] {
  return columns.map(({ title }, at) =>
    Math.max(title.length, ...rows.map((cells) => (cells[at] ?? "").length)),
  );
}

function pad(cell: string, width: number, align: Column["align"]): string {
  return align === "right" ? cell.padStart(width) : cell.padEnd(width);
}
