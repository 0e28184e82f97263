import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { renderPage } from "./render.js";
import type { Report } from "./report.js";

export async function saveJson(file: string, report: Report): Promise<void> {
  await save(file, `${JSON.stringify(report, undefined, 2)}\n`);
}

export async function savePage(file: string, report: Report): Promise<void> {
  await save(file, renderPage(report));
}

async function save(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
