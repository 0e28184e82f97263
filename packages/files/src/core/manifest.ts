import { PalmTreeError } from "@palmtree/wire";
import { manifestLimits } from "./limits.js";
import {
  EncodedEntries,
  type ManifestEntries,
  type ManifestEntry,
  readEntry,
  writeEntry,
} from "./manifest-entries.js";
import { MsgpackReader, MsgpackWriter } from "./msgpack.js";
import { checkPath, escapeForTerminal, NameSet } from "./safe-path.js";
import { utf8Length, utf8Rank } from "./utf8.js";

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
  readonly entries: ManifestEntries;
  /**
   * Whether it is a stream: one entry, a file whose `sizeBytes` is 0 here, because nobody knows its
   * length before its end. Default false.
   */
  readonly isStream?: boolean;
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
  if (manifest.isStream === true) check.stream();
  for (const entry of manifest.entries) {
    check.entry(entry);
    writeEntry(writer, entry, check.isStream);
  }
  const bytes = writer.finish();
  check.size(bytes.length);
  return bytes;
}

/**
 * Decodes a manifest from another machine. Nothing in it is trusted: the caller needs no further
 * check of names, order, sizes or sums. Memory is taken for entries that are there, never for
 * what a length claims: 4 bytes each, beside `bytes`.
 *
 * @param bytes - kept, and must not change: entries are read from it when they are asked for
 * @throws manifest-invalid (remote), with the `entry` (index) and `field` in its facts
 */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const check = new ManifestCheck("remote");
  const reader = new MsgpackReader(bytes, (problem) => check.fail(problem));
  check.size(bytes.length);
  check.at("version");
  reader.arrayOf(4);
  const version = reader.uint();
  if (version !== manifestVersion) check.fail(`version ${version} is not known`);
  check.at("name");
  const name = reader.string(manifestLimits.nameBytes);
  check.at("chunkSizeBytes");
  const chunkSizeBytes = reader.uint();
  check.at("entries");
  const entryCount = reader.array();
  check.head(name, chunkSizeBytes, entryCount);
  const entries = new EncodedEntries(bytes, entryCount);
  for (let index = 0; index < entryCount; index += 1) {
    const { offset } = reader;
    check.entry(readEntry(reader, check));
    entries.add(offset);
  }
  check.end();
  reader.end();
  return { name, chunkSizeBytes, entries, ...(check.isStream ? { isStream: true } : {}) };
}

/** What the entries take if their paths are ASCII and their sizes below 4 GiB. */
function expectedBytes(entries: ManifestEntries): number {
  let bytes = 512;
  for (const { path } of entries) bytes += path.length + 21;
  return bytes;
}

/** Where a manifest breaks a rule: a field, or its size in bytes, or what follows its end. */
type Field = "size" | "version" | keyof Manifest | keyof ManifestEntry | "end";

/** A directory whose entries are being checked. */
interface OpenDirectory {
  readonly path: string;
  readonly names: NameSet;
}

/** The rules of a manifest, checked entry by entry, for both directions. */
class ManifestCheck {
  readonly #fault: "local" | "remote";
  /**
   * The destination, and the directories around the last entry, outermost first, it among them.
   * Each with its own names only: every directory is an entry, so where two paths are one name on
   * some system, they or two directories on the way to them are so side by side.
   */
  readonly #open: OpenDirectory[] = [{ path: "", names: new NameSet() }];
  #field: Field = "version";
  #index = -1;
  #previous = "";
  #chunkSizeBytes = 0;
  #chunkCount = 0;
  #entryCount = 0;
  #isStream = false;

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
    this.#entryCount = entryCount;
    this.#index = 0;
    this.at("path");
  }

  /** Whether an entry is one whose length is not known. */
  get isStream(): boolean {
    return this.#isStream;
  }

  /** There is a stream: what it is numbered by would be unknown for whatever came behind it. */
  stream(): void {
    this.at("kind");
    if (this.#entryCount !== 1) this.fail("a stream is not alone");
    this.#isStream = true;
  }

  entry(entry: ManifestEntry): void {
    this.at("kind");
    if (this.#isStream && entry.kind !== "file") this.fail("a directory is no stream");
    this.at("sizeBytes");
    if (this.#isStream && entry.sizeBytes !== 0) this.fail("a stream has a size");
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
    const isFirst = this.#index === 0;
    if (!isFirst && comparePaths(this.#previous, path) >= 0) {
      this.fail("it is not after the entry before it");
    }
    while (this.#open.length > 1 && this.#open.at(-1)?.path !== parent) this.#open.pop();
    const { path: around, names } = this.#open.at(-1) as OpenDirectory;
    if (around !== parent) this.fail("its parent is not a directory before it");
    const collision = names.add(path);
    if (collision !== undefined) this.fail(collision);
    if (kind === "directory") this.#open.push({ path, names: new NameSet() });
    this.#previous = path;
  }

  #range(value: number, least: number, most: number): void {
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      this.fail(`${value} is not an integer from ${least} to ${most}`);
    }
  }
}
