import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeManifest, sha256 } from "../src/index.js";
import { JournalFile } from "../src/resume/journal-file.js";
import { readJournal } from "../src/resume/journal-reading.js";
import { temporaryDirectory } from "./support/temporary-directory.js";
import { file, manifestOf } from "./support/tree.js";

// Two seconds of work; a busy machine may take ten times as long, and speed is not what is promised.
test("a journal may begin with more pieces than a call takes arguments", {
  timeout: 120_000,
}, async () => {
  const path = join(await temporaryDirectory(), "journal");
  const manifest = encodeManifest(manifestOf(file("large", 1_000_000)));
  // Every second byte, so that no two pieces are one.
  const pieces = Array.from({ length: 200_000 }, (_, n) => ({
    entry: 0,
    offset: 2 * n,
    length: 1,
  }));
  const journal = new JournalFile(path, { manifest, manifestHash: sha256(manifest), pieces });
  journal.add({ entry: 0, offset: 900_000, length: 10 });
  await journal.close();
  expect((await readJournal(path))?.pieces.bytes).toBe(200_010);
});
