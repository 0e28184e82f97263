#!/usr/bin/env node
import { resolve } from "node:path";
import { runDemo } from "./demo.js";
import { Screen } from "./screen.js";

const screen = new Screen(process.stdout, process.env);
const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.on(name, () => {
    // A second time is a wish not to wait for anything any more.
    if (stop.signal.aborted) process.exit(1);
    stop.abort(new Error(`stopped by ${name}`));
  });
process.stdout.on("error", () => stop.abort(new Error("nobody looks any more")));

const [file, ...more] = process.argv.slice(2);

if (file?.startsWith("-") || more.length > 0) {
  console.error("usage: npm run demo [-- FILE]");
  process.exitCode = 2;
} else {
  try {
    // npm runs scripts in the repository's folder; the caller means the folder he is in.
    const path = file === undefined ? undefined : resolve(process.env.INIT_CWD ?? ".", file);
    process.exitCode = (await runDemo(path, screen, stop.signal)) ? 0 : 1;
  } catch (error) {
    screen.live("");
    console.error(`palmtree demo: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
