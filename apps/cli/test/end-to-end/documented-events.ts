import { readFileSync } from "node:fs";
import type { Event } from "./command.js";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** The README's example of each event of a command, by type. */
export function documentedEvents(command: "send" | "receive"): ReadonlyMap<string, Event> {
  const section = readme.split(`### Events of ${command}\n`)[1]?.split("\n### ")[0] ?? "";
  const fence = /^```json\n([\s\S]*?)^```$/m.exec(section)?.[1] ?? "";
  const events = fence
    .trim()
    .split("\n")
    .map((line): Event => JSON.parse(line));
  return new Map(events.map((event) => [event.type, event]));
}

/** What events have and the README's examples do not; `error` may be in any `result`. */
export function undocumented(command: "send" | "receive", events: readonly Event[]): string[] {
  const documented = documentedEvents(command);
  return events.flatMap((event) => {
    const example = documented.get(event.type);
    if (example === undefined) return [event.type];
    const known = new Set([...Object.keys(example), ...(event.type === "result" ? ["error"] : [])]);
    return Object.keys(event)
      .filter((key) => !known.has(key))
      .map((key) => `${event.type}.${key}`);
  });
}
