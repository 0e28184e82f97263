#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { run } from "./program.js";

// A command's memory is somebody else's: collect when the heap has grown by a quarter, not doubled.
// 100,000 files: 167 instead of 184 MiB at the receiver, for about as much time.
setFlagsFromString("--heap-growing-percent=25");

// A reader that has gone away has seen enough: `palmtree send --help | head -1`.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

process.exitCode = await run(process.argv.slice(2), manifest.version);
