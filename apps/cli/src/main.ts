#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { run } from "./program.js";

// A reader that has gone away has seen enough: `palmtree send --help | head -1`.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

process.exitCode = await run(process.argv.slice(2), manifest.version);
