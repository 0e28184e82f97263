#!/usr/bin/env node
/**
 * Runs one task of the repository: `node scripts/run.mjs TASK [ARGS]`.
 *
 * Needs Node and npm, and nothing installed: it finds or fetches the pinned pnpm, installs what
 * the lockfile names, then runs the task. `npm test` and its siblings call this file.
 */
import { environment } from "./environment.mjs";
import { TASKS } from "./tasks.mjs";

const [name = "", ...args] = process.argv.slice(2);
const task = TASKS[name];

if (task === undefined) {
  console.error(`usage: node scripts/run.mjs ${Object.keys(TASKS).join("|")} [ARGS]`);
  process.exit(2);
}

process.exitCode = await task.run(environment(), args);
