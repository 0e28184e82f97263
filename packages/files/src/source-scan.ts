import { readdir, realpath } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { PalmTreeError, truncateUtf8 } from "@palmtree/wire";
import { forEachBounded } from "./bounded.js";
import { ChunkLayout, checkChunkSize, defaultChunkSizeBytes } from "./core/chunk-layout.js";
import { manifestLimits } from "./core/limits.js";
import { LinkSet, resolveLink } from "./core/links.js";
import { decodeManifest, encodeManifest, type Manifest } from "./core/manifest.js";
import type { ManifestEntries, ManifestEntry } from "./core/manifest-entries.js";
import { comparePaths } from "./core/path-order.js";
import { checkPath, NameSet, shorten } from "./core/safe-path.js";
import { sourceError } from "./disk-error.js";
import { sha256 } from "./sha256.js";
import { type FoundSource, look, lookInside, unsafe, unsendable } from "./source-look.js";

/** Something in a directory to send that is not sent. */
export interface SkippedSource {
  /** An absolute path. */
  readonly path: string;
  /** A sentence's end for people: `is a symbolic link`. */
  readonly why: string;
}

/** What is to be sent, as the receivers are told. */
export interface DescribedSources {
  readonly manifest: Manifest;
  /** The encoded manifest. */
  readonly manifestBytes: Uint8Array;
  /** SHA-256 of the encoded manifest, 32 bytes. */
  readonly manifestHash: Uint8Array;
  readonly layout: ChunkLayout;
  readonly skipped: readonly SkippedSource[];
}

/** What is to be sent, as it was found: nothing was read yet but names, sizes and times. */
export interface ScannedSources extends DescribedSources {
  /** Per entry when it last changed: milliseconds since 1970, to the fraction the system keeps. */
  readonly modifiedMs: Float64Array;
  /** The absolute path of an entry; the links in the paths that were given are resolved. */
  pathOf(entry: number): string;
}

/** What happens with symbolic links in a directory that is sent. */
export type OnLinks = "keep" | "skip";

/** Options of {@link scanSources}. */
export interface ScanOptions {
  /**
   * 1 KiB to 16 MiB, or a rule that gives it for the size of all files. Default: the rule
   * `defaultChunkSizeBytes`.
   */
  readonly chunkSizeBytes?: number | ((totalBytes: number) => number);
  /**
   * What happens with symbolic links in directories: `keep` sends them as links, and throws where
   * one leads out of what is sent; `skip` leaves all of them out, and names them. Default `keep`.
   */
  readonly links?: OnLinks;
  /** Stops the scan; it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Files that are looked at at the same time: guess; more than libuv's four threads do not help. */
const LOOKS_AT_ONCE = 8;
/** Files of a directory that are looked at before what was found is added. */
const LOOKS_IN_A_SLICE = 512;

/**
 * Finds everything that is to be sent, and checks that it can be read and that its names are safe
 * everywhere. Each path lands as its last component, a directory with all below it, empty ones too.
 * A path that is a symbolic link is followed; in directories, links are kept as links.
 *
 * @param paths - at least one
 * @throws RangeError when there is no path, or the chunk size is out of its range
 * @throws source-missing or source-unreadable, with the `path`
 * @throws source-unsupported, with the `path`, for pipes, sockets and devices, and for a link that
 *   leads out of what is sent, or that is kept and cannot be (`links`)
 * @throws source-changed when something goes away while it is looked at
 * @throws name-unsafe when a name breaks a rule, or two would be one at the destination
 * @throws limit-exceeded when there are more than 1,000,000 entries or 2^24 chunks
 *
 * @example
 * ```ts
 * const scanned = await scanSources(["photos", "notes.txt"]);
 * scanned.layout.totalBytes;
 * ```
 */
export async function scanSources(
  paths: readonly string[],
  options: ScanOptions = {},
): Promise<ScannedSources> {
  const { chunkSizeBytes, links = "keep", signal } = options;
  if (paths.length === 0) throw new RangeError("There is nothing to send: no path was given");
  if (typeof chunkSizeBytes === "number") checkChunkSize(chunkSizeBytes);
  const roots = await findRoots(paths);
  const walk = new Walk(links, signal);
  for (const root of roots) await walk.addRoot(root);
  walk.checkLinks();
  const totalBytes = walk.entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const rule = typeof chunkSizeBytes === "function" ? chunkSizeBytes : defaultChunkSizeBytes;
  const found: Manifest = {
    name: nameOf(paths),
    chunkSizeBytes: typeof chunkSizeBytes === "number" ? chunkSizeBytes : rule(totalBytes),
    entries: walk.entries,
  };
  const layout = new ChunkLayout(found);
  const manifestBytes = encodeManifest(found);
  // The one whose entries are in those bytes, so that what the walk collected can go.
  const manifest = decodeManifest(manifestBytes);
  return {
    manifest,
    manifestBytes,
    manifestHash: sha256(manifestBytes),
    layout,
    skipped: walk.skipped,
    modifiedMs: Float64Array.from(walk.modifiedMs),
    pathOf: pathLookup(roots, manifest.entries),
  };
}

/** A path that was given: what it lands as, and where it is. */
interface Root {
  readonly name: string;
  /** Absolute, without links. */
  readonly path: string;
}

async function findRoots(paths: readonly string[]): Promise<readonly Root[]> {
  const roots: Root[] = [];
  for (const given of paths) {
    const absolute = resolve(given);
    const name = basename(absolute);
    const problem = checkPath(name);
    if (problem !== undefined) throw unsafe(absolute, problem);
    try {
      roots.push({ name, path: await realpath(absolute) });
    } catch (error) {
      throw sourceError(error, absolute, "source-missing");
    }
  }
  return roots.sort((a, b) => comparePaths(a.name, b.name));
}

/** The first path's name, and how many more there are. */
function nameOf(paths: readonly string[]): string {
  const more = paths.length > 1 ? ` and ${paths.length - 1} more` : "";
  const first = basename(resolve(paths[0] as string));
  return truncateUtf8(first, manifestLimits.nameBytes - more.length) + more;
}

function pathLookup(roots: readonly Root[], entries: ManifestEntries): (entry: number) => string {
  const byName = new Map(roots.map(({ name, path }) => [name, path]));
  return (entry) => {
    const path = entries.at(entry)?.path;
    if (path === undefined) throw new RangeError(`There is no entry ${entry}`);
    const slash = path.indexOf("/");
    if (slash < 0) return byName.get(path) as string;
    return join(byName.get(path.slice(0, slash)) as string, path.slice(slash + 1));
  };
}

/** Collects entries in the manifest's order: depth first, the names in a directory sorted. */
class Walk {
  readonly entries: ManifestEntry[] = [];
  readonly modifiedMs: number[] = [];
  readonly skipped: SkippedSource[] = [];
  /** What lands in the destination itself. */
  readonly #rootNames: NameSet = new NameSet();
  readonly #links: LinkSet = new LinkSet();
  /** By entry, where each link is. */
  readonly #linkPaths = new Map<number, string>();
  readonly #onLinks: OnLinks;
  readonly #signal: AbortSignal | undefined;

  constructor(onLinks: OnLinks, signal: AbortSignal | undefined) {
    this.#onLinks = onLinks;
    this.#signal = signal;
  }

  /** Links do not lead through each other: known once there are all. */
  checkLinks(): void {
    const wrong = this.#links.findThrough();
    if (wrong === undefined) return;
    const path = this.#linkPaths.get(wrong.index) as string;
    throw unsendable(path, `it leads through "${shorten(wrong.through)}", a link`);
  }

  async addRoot({ name, path }: Root): Promise<void> {
    this.#signal?.throwIfAborted();
    const found = await look(path, "source-missing");
    if (found.kind === "directory") {
      await this.#addDirectory(name, path, found, this.#rootNames);
      return;
    }
    this.#add(name, path, found, this.#rootNames);
  }

  async #addDirectory(name: string, path: string, directory: FoundSource, beside: NameSet) {
    this.#add(name, path, directory, beside);
    const names = new NameSet();
    const children = await this.#listDirectory(path);
    for (let first = 0; first < children.length; first += LOOKS_IN_A_SLICE) {
      const slice = children.slice(first, first + LOOKS_IN_A_SLICE);
      // Looked at side by side, added in order.
      const all = await this.#lookAt(path, slice);
      for (const [index, child] of slice.entries()) {
        const found = all[index] as FoundSource;
        const childPath = join(path, child);
        const childName = `${name}/${child}`;
        if (found.kind === "directory") {
          await this.#addDirectory(childName, childPath, found, names);
        } else if (found.kind === "link" && this.#onLinks === "skip")
          this.skipped.push({ path: childPath, why: "is a symbolic link" });
        else this.#add(childName, childPath, found, names);
      }
    }
  }

  async #lookAt(directory: string, names: readonly string[]): Promise<readonly FoundSource[]> {
    const all: FoundSource[] = [];
    await forEachBounded(
      names.length,
      LOOKS_AT_ONCE,
      async (index) => {
        all[index] = await lookInside(directory, names[index] as string);
      },
      this.#signal,
    );
    return all;
  }

  async #listDirectory(path: string): Promise<readonly string[]> {
    this.#signal?.throwIfAborted();
    const children = await readdir(path).catch((error: unknown) => {
      throw sourceError(error, path, "source-changed");
    });
    const kept = children.filter((child) => {
      const isStaging = /^\.palmtree-/i.test(child);
      if (isStaging) this.skipped.push({ path: join(path, child), why: "is a transfer under way" });
      return !isStaging;
    });
    return kept.sort(comparePaths);
  }

  /** @param beside - the names in the directory that it is in */
  #add(name: string, path: string, found: FoundSource, beside: NameSet): void {
    const { kind, sizeBytes } = found;
    const problem = checkPath(name) ?? beside.add(name);
    if (problem !== undefined) throw unsafe(path, problem);
    if (this.entries.length >= manifestLimits.entryCount) {
      const limit = manifestLimits.entryCount;
      throw new PalmTreeError("limit-exceeded", `There are more than ${limit} files`, {
        facts: { what: "files", limit },
      });
    }
    const target = kind === "link" ? { target: this.#checkLink(name, path, found) } : {};
    this.modifiedMs.push(found.modifiedMs);
    this.entries.push({
      path: name,
      kind,
      sizeBytes: kind === "file" ? sizeBytes : 0,
      // Systems differ in what they say of a link, and it means nothing.
      mode: kind === "link" ? manifestLimits.mode : found.mode & manifestLimits.mode,
      // Rounded: a time that was set to a millisecond may come back a little below it.
      modifiedMs: Math.min(Math.max(0, Math.round(found.modifiedMs)), manifestLimits.modifiedMs),
      ...target,
    });
  }

  /** @returns what is sent as the link's target */
  #checkLink(name: string, path: string, { target }: FoundSource): string {
    if (target === undefined) throw unsendable(path, "its target is not UTF-8");
    const destination = resolveLink(name, target);
    if ("rule" in destination) throw unsendable(path, destination.reason);
    this.#links.add(name, this.entries.length, destination.path);
    this.#linkPaths.set(this.entries.length, path);
    return target;
  }
}
