/** docs/protocol.md, part II, and the tables that encode and decode say the same. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { datagramRows } from "../src/datagram-table.js";
import type { Field } from "../src/field.js";
import { frameRows, frameTable } from "../src/frame-table.js";
import { encodeDatagram, errorSentences, fromHex, toHex, wireLimits } from "../src/index.js";
import type { MessageRow } from "../src/message-table.js";
import { frameBytes } from "./bytes.js";
import { datagramVectors, frameVectors } from "./vectors.js";

const page = readFileSync(new URL("../../../docs/protocol.md", import.meta.url), "utf8");

/** The text below a heading, up to the next one of the same or a higher level. */
function section(heading: string, within = page): string {
  const level = heading.indexOf(" ");
  const start = within.indexOf(`\n${heading}\n`);
  if (start < 0) expect.fail(`docs/protocol.md has no heading "${heading}"`);
  const rest = within.slice(start + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${level}} `, "m"));
  return end < 0 ? rest : rest.slice(0, end);
}

/** The cells of the tables in some text, without the header. */
function tableRows(text: string): readonly (readonly string[])[] {
  const lines = text.split("\n").filter((line) => line.startsWith("|"));
  const cells = lines.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return cells.slice(cells.findIndex((row) => /^-+$/.test(row[0]!)) + 1);
}

function groupThousands(value: number): string {
  return value.toLocaleString("en-US");
}

describe.each([
  ["### Datagrams", datagramRows],
  ["### Frames", frameRows],
] as const)("%s", (heading, table) => {
  const rows = Object.entries<MessageRow<unknown>>(table);
  const text = section(heading);

  test("has a section for each message, in the order of their numbers", () => {
    const headings = [...text.matchAll(/^#### (\d+)\. `([\w-]+)`: (.+) → (.+)$/gm)];
    expect(headings.map(([, ...parts]) => parts)).toEqual(
      rows.map(([type, row]) => [String(row.code), type, row.sender, row.receiver]),
    );
    expect(rows.map(([, row]) => row.code)).toEqual(rows.map((_, index) => index + 1));
  });

  test.each(rows)("%s: the fields are those of the table", (type, row) => {
    const own = section(`#### ${row.code}. \`${type}\`: ${row.sender} → ${row.receiver}`, text);
    const fields = Object.entries<Field<unknown>>(row.fields);
    const documented = tableRows(own).map(([name, notation]) => [name, notation]);
    expect(documented).toEqual(fields.map(([name, field]) => [`\`${name}\``, field.notation]));
    expect(own.includes("No fields.")).toBe(fields.length === 0);
    expect(own).toMatch(/\nThe receiver: [a-z]/);
  });
});

test.each(Object.entries<MessageRow<unknown>>(frameRows))(
  "frame %s: body and payload have the sizes of the table",
  (type, row) => {
    const frames = section("### Frames");
    const own = section(`#### ${row.code}. \`${type}\`: ${row.sender} → ${row.receiver}`, frames);
    const { maxBodyBytes } = frameTable.ofCode(row.code)!;
    expect(own).toContain(`Body: at most ${groupThousands(maxBodyBytes)} bytes.`);
    const { minBytes = 0, maxBytes = 0, unitBytes = 1 } = row.payload ?? {};
    const unit = unitBytes === 1 ? "" : `, a multiple of ${unitBytes}`;
    const sizes = `Payload: ${minBytes} ... ${groupThousands(maxBytes)} bytes${unit}`;
    expect(own).toContain(row.payload === undefined ? "No payload." : sizes);
  },
);

test("### Limits has every limit with its value", () => {
  const documented = tableRows(section("### Limits")).map(([name, value]) => [name, value]);
  expect(documented).toEqual(
    Object.entries(wireLimits).map(([name, value]) => [`\`${name}\``, groupThousands(value)]),
  );
});

test("### Error codes has every code with its sentence", () => {
  expect(tableRows(section("### Error codes"))).toEqual(
    Object.entries(errorSentences).map(([code, sentence]) => [`\`${code}\``, sentence]),
  );
});

test("the worked examples are what the encoders write", () => {
  const examples = [...page.matchAll(/^```hex\n([\s\S]*?)^```$/gm)].map(([, lines = ""]) => {
    // Two spaces part the bytes from what they mean.
    return lines.replaceAll(/ {2,}.*$/gm, "").replaceAll(/\s/g, "");
  });
  const { datagram } = datagramVectors.find(({ name }) => name.startsWith("worked example"))!;
  const { frame } = frameVectors.find(({ name }) => name.startsWith("worked example"))!;
  expect(examples).toEqual([toHex(encodeDatagram(datagram)), toHex(frameBytes(frame))]);
  for (const example of examples) fromHex(example);
});
