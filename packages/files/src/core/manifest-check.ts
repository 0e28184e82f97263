import { PalmTreeError } from "@palmtree/wire";
import type { ManifestRuleName } from "./landing-rules.js";
import { manifestLimits } from "./limits.js";
import { LinkSet, resolveLink } from "./links.js";
import type { Manifest } from "./manifest.js";
import type { ManifestEntry } from "./manifest-entries.js";
import { comparePaths } from "./path-order.js";
import {
  type BrokenRule,
  escapeForTerminal,
  findPathProblem,
  NameSet,
  shorten,
} from "./safe-path.js";
import { utf8Length } from "./utf8.js";

/** Where a manifest breaks a rule: a field, or its size in bytes, or what follows its end. */
type Field = "size" | "version" | keyof Manifest | keyof ManifestEntry | "end";

/** A directory whose entries are being checked. */
interface OpenDirectory {
  readonly path: string;
  readonly names: NameSet;
}

/** The rules of `landingRules`, checked entry by entry, for both directions. */
export class ManifestCheck {
  readonly #fault: "local" | "remote";
  /**
   * The destination, and the directories around the last entry, outermost first, it among them.
   * Each with its own names only: every directory is an entry, so where two paths are one name on
   * some system, they or two directories on the way to them are so side by side.
   */
  readonly #open: OpenDirectory[] = [{ path: "", names: new NameSet() }];
  readonly #links = new LinkSet();
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

  /** @throws manifest-invalid */
  fail(rule: ManifestRuleName, problem: string): never {
    this.#fail({ rule, reason: problem });
  }

  #fail({ rule, reason: problem }: BrokenRule): never {
    const where = this.#index < 0 ? this.#field : `entry ${this.#index}, ${this.#field}`;
    const entry = this.#index < 0 ? undefined : this.#index;
    throw new PalmTreeError("manifest-invalid", `The manifest is invalid at ${where}: ${problem}`, {
      fault: this.#fault,
      facts: { entry, field: this.#field, rule, problem },
    });
  }

  size(sizeBytes: number): void {
    this.at("size");
    this.#range("manifest-size", sizeBytes, 0, manifestLimits.manifestBytes);
  }

  head(name: string, chunkSizeBytes: number, entryCount: number): void {
    this.at("name");
    if (utf8Length(name) > manifestLimits.nameBytes) this.fail("session-name", "it is too long");
    if (escapeForTerminal(name) !== name) this.fail("session-name", "it has a control character");
    this.at("chunkSizeBytes");
    const { chunkSizeBytesMin, chunkSizeBytesMax } = manifestLimits;
    this.#range("chunk-size", chunkSizeBytes, chunkSizeBytesMin, chunkSizeBytesMax);
    this.#chunkSizeBytes = chunkSizeBytes;
    this.at("entries");
    this.#range("entry-count", entryCount, 0, manifestLimits.entryCount);
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
    if (this.#entryCount !== 1) this.fail("stream", "a stream is not alone");
    this.#isStream = true;
  }

  entry(entry: ManifestEntry): void {
    this.at("kind");
    const { kind, sizeBytes, target } = entry;
    if (this.#isStream && kind !== "file") this.fail("stream", `a ${kind} is no stream`);
    if ((kind === "link") !== (target !== undefined))
      this.fail("kind", "a link has a target, and nothing else has");
    this.at("sizeBytes");
    this.#range("size", sizeBytes, 0, Number.MAX_SAFE_INTEGER);
    const what = this.#isStream ? "stream" : kind;
    if (what !== "file" && sizeBytes > 0) this.fail("no-content", `a ${what} has a size`);
    this.#count(sizeBytes);
    this.at("mode");
    this.#range("mode", entry.mode, 0, manifestLimits.mode);
    this.at("modifiedMs");
    this.#range("time", entry.modifiedMs, 0, manifestLimits.modifiedMs);
    this.at("path");
    this.#path(entry);
    if (target !== undefined) this.#link(entry.path, target);
    this.#index += 1;
  }

  /** All entries were checked; what follows belongs to none. */
  end(): void {
    const wrong = this.#links.findThrough();
    if (wrong !== undefined) {
      this.#index = wrong.index;
      this.at("target");
      this.fail("link-through-link", `it leads through "${shorten(wrong.through)}", a link`);
    }
    this.#index = -1;
    this.at("end");
  }

  #count(sizeBytes: number): void {
    this.#chunkCount += Math.ceil(sizeBytes / this.#chunkSizeBytes);
    if (this.#chunkCount > manifestLimits.chunkCount) {
      this.fail("chunk-count", `there are more than ${manifestLimits.chunkCount} chunks`);
    }
  }

  #path({ path, kind }: ManifestEntry): void {
    const unsafe = findPathProblem(path);
    if (unsafe !== undefined) this.#fail(unsafe);
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    const isFirst = this.#index === 0;
    if (!isFirst && comparePaths(this.#previous, path) >= 0) {
      this.fail("order", "it is not after the entry before it");
    }
    while (this.#open.length > 1 && this.#open.at(-1)?.path !== parent) this.#open.pop();
    const { path: around, names } = this.#open.at(-1) as OpenDirectory;
    if (around !== parent) this.fail("parent", "its parent is not a directory before it");
    const collision = names.add(path);
    if (collision !== undefined) this.fail("collision", collision);
    if (kind === "directory") this.#open.push({ path, names: new NameSet() });
    this.#previous = path;
  }

  #link(path: string, target: string): void {
    this.at("target");
    const destination = resolveLink(path, target);
    if ("rule" in destination) this.#fail(destination);
    this.#links.add(path, this.#index, destination.path);
  }

  #range(rule: ManifestRuleName, value: number, least: number, most: number): void {
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      this.fail(rule, `${value} is not an integer from ${least} to ${most}`);
    }
  }
}
