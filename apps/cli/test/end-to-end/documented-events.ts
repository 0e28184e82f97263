import { readFileSync } from "node:fs";
import type { Event } from "./command.js";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** What the README's examples have: by type of event, its fields. */
export function documentedFields(
  command: "send" | "receive",
): ReadonlyMap<string, ReadonlySet<string>> {
  const section = readme.split(`### Events of ${command}\n`)[1]?.split("\n### ")[0] ?? "";
  const fence = /^```json\n([\s\S]*?)^```$/m.exec(section)?.[1] ?? "";
  const fields = new Map<string, Set<string>>();
  for (const line of fence.trim().split("\n")) {
    const event: Event = JSON.parse(line);
    const known = fields.get(event.type) ?? new Set();
    fields.set(event.type, known);
    for (const field of Object.keys(event)) known.add(field);
  }
  // Said in words below the examples.
  fields.get("result")?.add("error");
  return fields;
}

/** Fields that events have and the README does not. */
export function undocumented(command: "send" | "receive", events: readonly Event[]): string[] {
  const documented = documentedFields(command);
  return events.flatMap((event) =>
    Object.keys(event)
      .filter((field) => documented.get(event.type)?.has(field) !== true)
      .map((field) => `${event.type}.${field}`),
  );
}
