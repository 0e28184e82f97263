import { posix } from "node:path";
import { fromHex, isPalmTreeError, toHex } from "@palmtree/wire";
import {
  array,
  bytesOf,
  checkRefusal,
  type Draw,
  type FuzzTarget,
  type Item,
  mutateBytes,
  mutateItem,
  promise,
  text,
  uint,
} from "@palmtree/wire/fuzz";
import { decodeManifest, encodeManifest, type Manifest } from "../../src/core/manifest.js";
import type { ManifestEntry } from "../../src/core/manifest-entries.js";
import { comparePaths } from "../../src/core/path-order.js";
import { checkPaths } from "../../src/core/safe-path.js";
import { drawName } from "./names.js";

/** `decodeManifest`. */
export const manifestTarget: FuzzTarget<Uint8Array> = {
  name: "manifest",
  promise:
    "decodeManifest throws manifest-invalid or nothing, and what it takes has no unsafe or colliding path and no other encoding",
  mostMs: 100,
  draw: drawBytes,
  check: (bytes) => {
    let manifest: Manifest;
    try {
      manifest = decodeManifest(bytes);
    } catch (error) {
      checkRefusal(error, "manifest-invalid", "remote");
      return "refused";
    }
    const paths = Array.from(manifest.entries, ({ path }) => path);
    promise(checkPaths(paths) === undefined, () => `unsafe: ${checkPaths(paths)?.reason}`);
    checkLinks(manifest);
    promise(Buffer.compare(encodeManifest(manifest), bytes) === 0, "it has another encoding");
    return "accepted";
  },
  write: (bytes) => toHex(bytes),
  read: (kept) => fromHex(kept as string),
};

/** Whatever is reached through a link, by Node's own reading, is in the entry that was sent. */
function checkLinks({ entries }: Manifest): void {
  const links = new Set<string>();
  for (const { path, target } of entries) if (target !== undefined) links.add(path);
  for (const { path, target } of entries) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1))
      promise(!links.has(path.slice(0, at)), () => `${path} is in a link`);
    if (target === undefined) continue;
    const [top = ""] = path.split("/");
    const reached = posix.join(posix.dirname(path), target);
    promise(reached === top || reached.startsWith(`${top}/`), () => `${path} leads to ${reached}`);
  }
}

/** An encoded manifest, three of four with something wrong. */
export function drawBytes(draw: Draw): Uint8Array {
  const valid = encoded(drawManifest(draw, 0));
  if (valid !== undefined && draw.chance(0.3)) return valid;
  let item = itemOf(drawManifest(draw, 0.05));
  const other = itemOf(drawManifest(draw, 0.3));
  if (draw.chance(0.5))
    for (let left = 1 + draw.below(3); left > 0; left -= 1) item = mutateItem(item, other, draw);
  let bytes = bytesOf(item);
  if (draw.chance(0.5)) bytes = mutateBytes(bytes, bytesOf(other), draw);
  return bytes;
}

/** @returns undefined for one that breaks a rule */
function encoded(manifest: Manifest): Uint8Array | undefined {
  try {
    return encodeManifest(manifest);
  } catch (error) {
    if (isPalmTreeError(error) && error.code === "manifest-invalid") return undefined;
    throw error;
  }
}

function drawManifest(draw: Draw, wrong: number): Manifest {
  const isStream = draw.chance(0.1);
  const entries: ManifestEntry[] = [];
  const folders = [""];
  for (let left = isStream ? 1 : draw.length(60); left > 0; left -= 1) {
    const path = draw.pick(folders) + drawName(draw, wrong);
    const isFolder = draw.chance(0.3) && !isStream;
    if (draw.chance(0.15) && !isStream && (path.includes("/") || draw.chance(wrong))) {
      entries.push(drawLink(path, draw, wrong));
      continue;
    }
    if (isFolder) folders.push(`${path}/`);
    entries.push({
      path,
      kind: isFolder ? "directory" : "file",
      sizeBytes:
        isFolder || isStream ? 0 : draw.integer(0, draw.chance(0.9) ? 100_000 : 2 ** 53 - 1),
      mode: draw.integer(0, draw.chance(wrong) ? 0o7777 : 0o777),
      modifiedMs: draw.integer(0, 8_640_000_000_000_000),
    });
  }
  entries.sort((one, two) => comparePaths(one.path, two.path));
  const isUnique = (one: ManifestEntry, at: number): boolean => one.path !== entries[at - 1]?.path;
  return {
    name: drawName(draw, wrong),
    chunkSizeBytes: draw.integer(1_024, 2 ** 24),
    entries: draw.chance(wrong) ? entries : entries.filter(isUnique),
    ...(isStream ? { isStream } : {}),
  };
}

/** A link that leads to some name in its top entry, mostly. */
function drawLink(path: string, draw: Draw, wrong: number): ManifestEntry {
  const up = "../".repeat(draw.below(draw.chance(wrong) ? 5 : path.split("/").length - 1));
  const names = Array.from({ length: 1 + draw.below(2) }, () => drawName(draw, wrong));
  const target = draw.chance(0.1) ? "." : up + names.join("/");
  return { path, kind: "link", sizeBytes: 0, mode: 0o777, modifiedMs: draw.below(10_000), target };
}

function itemOf({ name, chunkSizeBytes, entries, isStream }: Manifest): Item {
  const kinds = { file: isStream === true ? 2 : 0, directory: 1, link: 3 };
  const each = Array.from(entries, ({ path, kind, sizeBytes, mode, modifiedMs, target }) => {
    const values = [text(path), uint(kinds[kind]), uint(sizeBytes), uint(mode), uint(modifiedMs)];
    return array(target === undefined ? values : [...values, text(target)]);
  });
  return array([uint(1), text(name), uint(chunkSizeBytes), array(each)]);
}
