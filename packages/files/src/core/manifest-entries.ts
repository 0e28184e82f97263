import type { ManifestRuleName } from "./landing-rules.js";
import { manifestLimits } from "./limits.js";
import { MsgpackReader, type MsgpackWriter } from "./msgpack.js";

/** A file, directory or symbolic link of a session. */
export interface ManifestEntry {
  /** Relative to the destination, components separated by "/"; obeys `pathRules`. */
  readonly path: string;
  readonly kind: "file" | "directory" | "link";
  /** 0 to 2^53 - 1; 0 for a directory and for a link. */
  readonly sizeBytes: number;
  /** Permission bits, 0 to 0o777; those of a link mean nothing. */
  readonly mode: number;
  /** When the content last changed: milliseconds since 1970, an integer from 0. */
  readonly modifiedMs: number;
  /**
   * Where a symbolic link leads, from the directory that it is in, components separated by "/":
   * `..` first, if at all. Links have one, and nothing else has.
   */
  readonly target?: string;
}

/** Entries of a manifest, in its order; an array of them is one. */
export interface ManifestEntries extends Iterable<ManifestEntry> {
  readonly length: number;
  /** The entry at that place, from 0; undefined where there is none. */
  at(index: number): ManifestEntry | undefined;
}

/** Files among the entries; the rest are directories and links. */
export function countFiles(entries: ManifestEntries): number {
  let count = 0;
  for (const { kind } of entries) if (kind === "file") count += 1;
  return count;
}

/** The fewest bytes that an entry takes: its head, a path of one byte, and four small numbers. */
const LEAST_ENTRY_BYTES = 7;

/**
 * Entries that stay encoded: an entry is an object for as long as somebody looks at it. Peers keep
 * the encoded manifest in any case, to pass it on, so 100,000 entries cost 4 bytes each instead of
 * about 150, and there is nothing for the garbage collector to walk through.
 */
export class EncodedEntries implements ManifestEntries {
  readonly #bytes: Uint8Array;
  /** Where each entry begins. */
  readonly #offsets: Uint32Array;
  #length = 0;

  /**
   * @param bytes - an encoded manifest: kept, and must not change
   * @param claimed - how many entries are said to be in it: memory is taken for those that fit
   */
  constructor(bytes: Uint8Array, claimed: number) {
    this.#bytes = bytes;
    this.#offsets = new Uint32Array(Math.min(claimed, bytes.length / LEAST_ENTRY_BYTES));
  }

  get length(): number {
    return this.#length;
  }

  at(index: number): ManifestEntry | undefined {
    if (!(index >= 0 && index < this.#length)) return undefined;
    const reader = new MsgpackReader(this.#bytes, failUnexpectedly, this.#offsets[index]);
    return readEntry(reader, trusting);
  }

  *[Symbol.iterator](): Generator<ManifestEntry, void, undefined> {
    for (let index = 0; index < this.#length; index += 1) yield this.at(index) as ManifestEntry;
  }

  /** The next entry, which was checked, begins at that offset. */
  add(offset: number): void {
    this.#offsets[this.#length] = offset;
    this.#length += 1;
  }
}

/** What an entry is, as it is encoded. */
const kindCodes = { file: 0, directory: 1, stream: 2, link: 3 } as const;

/** What a code stands for; a stream is a file whose length is not known. */
const kinds: readonly ManifestEntry["kind"][] = ["file", "directory", "file", "link"];

/** Is told which field is being read, and what is wrong with it. */
export interface EntryReading {
  at(field: keyof ManifestEntry): void;
  /** The entry is a stream. */
  stream(): void;
  fail(rule: ManifestRuleName, problem: string): never;
}

/** Entries that were checked before. */
const trusting: EntryReading = {
  at: () => undefined,
  stream: () => undefined,
  fail: (_, problem) => failUnexpectedly(problem),
};

function failUnexpectedly(problem: string): never {
  throw new Error(`The bytes of a manifest in use were changed: ${problem}`);
}

export function writeEntry(writer: MsgpackWriter, entry: ManifestEntry, isStream: boolean): void {
  writer.array(entry.kind === "link" ? 6 : 5);
  writer.string(entry.path);
  writer.uint(kindCodes[isStream ? "stream" : entry.kind]);
  writer.uint(entry.sizeBytes);
  writer.uint(entry.mode);
  writer.uint(entry.modifiedMs);
  if (entry.kind === "link") writer.string(entry.target ?? "");
}

export function readEntry(reader: MsgpackReader, reading: EntryReading): ManifestEntry {
  reading.at("path");
  const valueCount = reader.array();
  if (valueCount !== 5 && valueCount !== 6)
    reading.fail("encoding", `an entry has 5 values, or 6 if it is a link, not ${valueCount}`);
  const path = reader.string(manifestLimits.pathBytes);
  reading.at("kind");
  const code = reader.uint();
  const kind = kinds[code];
  if (kind === undefined)
    return reading.fail("kind", `${code} is not 0 (file), 1 (directory), 2 (stream) or 3 (link)`);
  const expectedCount = kind === "link" ? 6 : 5;
  if (valueCount !== expectedCount)
    reading.fail("encoding", `a ${kind} has ${expectedCount} values, not ${valueCount}`);
  if (code === kindCodes.stream) reading.stream();
  reading.at("sizeBytes");
  const sizeBytes = reader.uint();
  reading.at("mode");
  const mode = reader.uint();
  reading.at("modifiedMs");
  const modifiedMs = reader.uint();
  if (kind !== "link") return { path, kind, sizeBytes, mode, modifiedMs };
  reading.at("target");
  const target = reader.string(manifestLimits.pathBytes);
  return { path, kind, sizeBytes, mode, modifiedMs, target };
}
