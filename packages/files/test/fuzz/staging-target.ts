import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fromHex, toHex } from "@palmtree/wire";
import { type Draw, type FuzzTarget, mutateBytes, mutateText, promise } from "@palmtree/wire/fuzz";
import { readJournal } from "../../src/resume/journal-reading.js";
import { checkUnused } from "../../src/resume/left-staging.js";
import { useOf } from "../../src/resume/owner.js";
import { drawJournal, journalOf } from "./journal-target.js";
import { drawBytes } from "./manifest-target.js";

/** What is found in a staging directory. */
interface Leftovers {
  readonly journal: Uint8Array;
  readonly owner: Uint8Array;
}

/** The files of a directory that an earlier process left, or that somebody put there. */
export const stagingTarget: FuzzTarget<Leftovers> = {
  name: "staging",
  promise:
    "whatever is in the journal and in the owner's file, looking never throws, and pieces lie within their files",
  mostMs: 500,
  draw: (draw) => ({ journal: drawAnyJournal(draw), owner: drawOwner(draw) }),
  check: async ({ journal, owner }) => {
    const directory = place();
    writeFileSync(join(directory, "journal"), journal);
    writeFileSync(join(directory, "owner"), owner);
    const use = await useOf(directory);
    promise(["used", "left", "unknown"].includes(use), () => `a use that is none: ${use}`);
    await checkUnused(directory);
    const found = await readJournal(join(directory, "journal"));
    if (found === undefined) return "refused";
    const { manifest, pieces } = found;
    for (const { entry, offset, length } of pieces.all) {
      const sizeBytes = manifest.entries.at(entry)?.sizeBytes ?? -1;
      promise(offset + length <= sizeBytes, () => `a piece beyond the end of entry ${entry}`);
    }
    return "accepted";
  },
  write: ({ journal, owner }) => ({ journal: toHex(journal), owner: toHex(owner) }),
  read: (kept) => {
    const { journal, owner } = kept as { journal: string; owner: string };
    return { journal: fromHex(journal), owner: fromHex(owner) };
  },
};

let made: string | undefined;

/** One directory for all cases: a million are not to be made. */
function place(): string {
  if (made !== undefined) return made;
  const root = mkdtempSync(join(tmpdir(), "palmtree-fuzz-"));
  process.once("exit", () => rmSync(root, { recursive: true, force: true }));
  made = join(root, `.palmtree-${"0".repeat(32)}`);
  mkdirSync(made);
  chmodSync(made, 0o700);
  return made;
}

function drawAnyJournal(draw: Draw): Uint8Array {
  if (draw.chance(0.3)) return drawJournal(draw);
  const journal = journalOf(drawBytes(draw), draw);
  return draw.chance(0.6) ? journal : mutateBytes(journal, journal, draw);
}

const owners = [
  { pid: 1, host: hostname(), boot: "", started: "" },
  { pid: 2 ** 31, host: hostname(), boot: "b", started: "1" },
  { pid: -1, host: "elsewhere", boot: "", started: "" },
  { pid: 1e300, host: "", boot: "", started: "" },
  { pid: "1", host: [], boot: {}, started: null },
  null,
  [],
];
const words = [
  "{",
  "}",
  "[",
  "null",
  '"pid"',
  ":",
  "0",
  "-1",
  "1e999",
  '"',
  "\\u0000",
  '"__proto__"',
];

function drawOwner(draw: Draw): Uint8Array {
  const text = JSON.stringify(draw.pick(owners));
  return Buffer.from(draw.chance(0.3) ? text : mutateText(text, words, draw));
}
