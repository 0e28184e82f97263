import { manifestLimits } from "./limits.js";
import { ManifestCheck } from "./manifest-check.js";
import { EncodedEntries, type ManifestEntries, readEntry, writeEntry } from "./manifest-entries.js";
import { MsgpackReader, MsgpackWriter } from "./msgpack.js";

/** What a session transfers: the files, directories and links, and how files are cut into chunks. */
export interface Manifest {
  /** For people: at most 255 bytes of UTF-8, no control characters; not a path. */
  readonly name: string;
  /** 1 KiB to 16 MiB. */
  readonly chunkSizeBytes: number;
  /**
   * In the order of `comparePaths`: every directory before what is in it, and what is in it
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
  check.end();
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
 * @throws manifest-invalid (remote), with the `entry` (index), the `field` and the `rule`
 *   (of `landingRules`) in its facts
 */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const check = new ManifestCheck("remote");
  const reader = new MsgpackReader(bytes, (problem) => check.fail("encoding", problem));
  check.size(bytes.length);
  check.at("version");
  reader.arrayOf(4);
  const version = reader.uint();
  if (version !== manifestVersion) check.fail("version", `version ${version} is not known`);
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
