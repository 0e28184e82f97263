import { PalmTreeError } from "@palmtree/wire";
import { manifestLimits } from "./limits.js";
import { MsgpackReader, MsgpackWriter } from "./msgpack.js";
import { checkPath, escapeForTerminal, NameSet } from "./safe-path.js";
import { utf8Length, utf8Rank } from "./utf8.js";

/** A file or directory of a session. */
export interface ManifestEntry {
  /** Relative to the destination, components separated by "/"; obeys `pathRules`. */
  readonly path: string;
  readonly kind: "file" | "directory";
  /** 0 to 2^53 - 1; 0 for a directory. */
  readonly sizeBytes: number;
  /** Permission bits, 0 to 0o777. */
  readonly mode: number;
  /** When the content last changed: milliseconds since 1970, an integer from 0. */
  readonly modifiedMs: number;
}

/** What a session transfers: the files and directories, and how files are cut into chunks. */
export interface Manifest {
  /** For people: at most 255 bytes of UTF-8, no control characters; not a path. */
  readonly name: string;
  /** 1 KiB to 16 MiB. */
  readonly chunkSizeBytes: number;
  /**
   * In the order of {@link comparePaths}: every directory before what is in it, and what is in it
   * before the next entry beside it. Every directory on the way to an entry has an entry itself.
   */
  readonly entries: readonly ManifestEntry[];
}

/** The version of the format; the first value of an encoded manifest. */
export const manifestVersion = 1;

/**
 * The order of a manifest's entries: by component, each by its bytes of UTF-8. (The same: by the
 * bytes of the whole path, if "/" came before every other character.)
 *
 * @returns a negative number when `a` comes first, a positive one when `b` does, 0 when equal
 */
export function comparePaths(a: string, b: string): number {
  const common = Math.min(a.length, b.length);
  let at = 0;
  while (at < common && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  if (at === common) return a.length - b.length;
  if (a.charAt(at) === "/") return -1;
  if (b.charAt(at) === "/") return 1;
  return utf8Rank(a.charCodeAt(at)) - utf8Rank(b.charCodeAt(at));
}

/**
 * Encodes a manifest. One manifest has one encoding, exact to the byte.
 *
 * @returns bytes that the caller owns
 * @throws manifest-invalid (local) when the manifest breaks a rule that `decodeManifest` checks
 */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const check = new ManifestCheck("local");
  const writer = new MsgpackWriter(expectedBytes(manifest.entries));
  check.head(manifest.name, manifest.chunkSizeBytes, manifest.entries.length);
  writer.array(4);
  writer.uint(manifestVersion);
  writer.string(manifest.name);
  writer.uint(manifest.chunkSizeBytes);
  writer.array(manifest.entries.length);
  for (const entry of manifest.entries) {
    check.entry(entry);
    writer.array(5);
    writer.string(entry.path);
    writer.uint(entry.kind === "directory" ? 1 : 0);
    writer.uint(entry.sizeBytes);
    writer.uint(entry.mode);
    writer.uint(entry.modifiedMs);
  }
  const bytes = writer.finish();
  check.size(bytes.length);
  return bytes;
}

/**
 * Decodes a manifest from another machine. Nothing in it is trusted: the caller needs no further
 * check of names, order, sizes or sums. Memory is taken for entries that are there, never for
 * what a length claims.
 *
 * @param bytes - not kept
 * @throws manifest-invalid (remote), with the `entry` (index) and `field` in its facts
 */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const check = new ManifestCheck("remote");
  const reader = new MsgpackReader(bytes, (problem) => check.fail(problem));
  check.size(bytes.length);
  check.at("version");
  expectCount(check, reader.array(), 4);
  const version = reader.uint();
  if (version !== manifestVersion) check.fail(`version ${version} is not known`);
  check.at("name");
  const name = reader.string(manifestLimits.nameBytes);
  check.at("chunkSizeBytes");
  const chunkSizeBytes = reader.uint();
  check.at("entries");
  const entryCount = reader.array();
  check.head(name, chunkSizeBytes, entryCount);
  const entries: ManifestEntry[] = [];
  for (let index = 0; index < entryCount; index += 1) {
    const entry = readEntry(reader, check);
    check.entry(entry);
    entries.push(entry);
  }
  check.end();
  reader.end();
  return { name, chunkSizeBytes, entries };
}

/** What the entries take if their paths are ASCII and their sizes below 4 GiB. */
function expectedBytes(entries: readonly ManifestEntry[]): number {
  return entries.reduce((sum, { path }) => sum + path.length + 21, 512);
}

function readEntry(reader: MsgpackReader, check: ManifestCheck): ManifestEntry {
  check.at("path");
  expectCount(check, reader.array(), 5);
  const path = reader.string(manifestLimits.pathBytes);
  check.at("kind");
  const kind = reader.uint();
  if (kind > 1) check.fail(`${kind} is neither 0 (file) nor 1 (directory)`);
  check.at("sizeBytes");
  const sizeBytes = reader.uint();
  check.at("mode");
  const mode = reader.uint();
  check.at("modifiedMs");
  const modifiedMs = reader.uint();
  return { path, kind: kind === 1 ? "directory" : "file", sizeBytes, mode, modifiedMs };
}

function expectCount(check: ManifestCheck, got: number, expected: number): void {
  if (got !== expected) check.fail(`an array has ${got} values, not ${expected}`);
}

/** Where a manifest breaks a rule: a field, or its size in bytes, or what follows its end. */
type Field = "size" | "version" | keyof Manifest | keyof ManifestEntry | "end";

/** The rules of a manifest, checked entry by entry, for both directions. */
class ManifestCheck {
  readonly #fault: "local" | "remote";
  readonly #names: NameSet = new NameSet();
  /** The paths of the directories around the last entry, outermost first, it among them. */
  readonly #directories: string[] = [];
  #field: Field = "version";
  #index = -1;
  #previous = "";
  #chunkSizeBytes = 0;
  #chunkCount = 0;

  constructor(fault: "local" | "remote") {
    this.#fault = fault;
  }

  /** Says which field is looked at, for the message of a failure. */
  at(field: Field): void {
    this.#field = field;
  }

  fail(problem: string): never {
    const where = this.#index < 0 ? this.#field : `entry ${this.#index}, ${this.#field}`;
    const entry = this.#index < 0 ? undefined : this.#index;
    throw new PalmTreeError("manifest-invalid", `The manifest is invalid at ${where}: ${problem}`, {
      fault: this.#fault,
      facts: { entry, field: this.#field, problem },
    });
  }

  size(sizeBytes: number): void {
    this.at("size");
    this.#range(sizeBytes, 0, manifestLimits.manifestBytes);
  }

  head(name: string, chunkSizeBytes: number, entryCount: number): void {
    this.at("name");
    if (utf8Length(name) > manifestLimits.nameBytes) this.fail("it is too long");
    if (escapeForTerminal(name) !== name) this.fail("it has a control character");
    this.at("chunkSizeBytes");
    const { chunkSizeBytesMin, chunkSizeBytesMax } = manifestLimits;
    this.#range(chunkSizeBytes, chunkSizeBytesMin, chunkSizeBytesMax);
    this.#chunkSizeBytes = chunkSizeBytes;
    this.at("entries");
    this.#range(entryCount, 0, manifestLimits.entryCount);
    this.#index = 0;
    this.at("path");
  }

  entry(entry: ManifestEntry): void {
    this.at("sizeBytes");
    this.#range(entry.sizeBytes, 0, Number.MAX_SAFE_INTEGER);
    if (entry.kind === "directory" && entry.sizeBytes > 0) this.fail("a directory has a size");
    this.#count(entry.sizeBytes);
    this.at("mode");
    this.#range(entry.mode, 0, manifestLimits.mode);
    this.at("modifiedMs");
    this.#range(entry.modifiedMs, 0, manifestLimits.modifiedMs);
    this.at("path");
    this.#path(entry);
    this.#index += 1;
  }

  /** What follows belongs to no entry. */
  end(): void {
    this.#index = -1;
    this.at("end");
  }

  #count(sizeBytes: number): void {
    this.#chunkCount += Math.ceil(sizeBytes / this.#chunkSizeBytes);
    if (this.#chunkCount > manifestLimits.chunkCount) {
      this.fail(`there are more than ${manifestLimits.chunkCount} chunks`);
    }
  }

  #path({ path, kind }: ManifestEntry): void {
    const unsafe = checkPath(path);
    if (unsafe !== undefined) this.fail(unsafe);
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    const open = this.#directories;
    const isFirst = this.#index === 0;
    if (!isFirst && comparePaths(this.#previous, path) >= 0) {
      this.fail("it is not after the entry before it");
    }
    while (open.length > 0 && open.at(-1) !== parent) open.pop();
    if ((open.at(-1) ?? "") !== parent) this.fail("its parent is not a directory before it");
    const collision = this.#names.add(path);
    if (collision !== undefined) this.fail(collision);
    if (kind === "directory") open.push(path);
    this.#previous = path;
  }

  #range(value: number, least: number, most: number): void {
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      this.fail(`${value} is not an integer from ${least} to ${most}`);
    }
  }
}
