import { Bitmap } from "./bitmap.js";
import type { ManifestEntries } from "./manifest-entries.js";

/**
 * How the entries of a manifest lie in each other, and of what kind each is: looked up once, kept as
 * a few bytes for each. An entry is named by its place in the manifest, from 0.
 */
export class EntryTree {
  /** How many entries there are. */
  readonly count: number;
  /** Entries that are symbolic links; must not be changed. */
  readonly links: Bitmap;
  readonly #directories: Bitmap;
  /** Per entry the directory that it is in: an index, -1 at the top. */
  readonly #parents: Int32Array;

  /** @param entries - in a manifest's order; not kept */
  constructor(entries: ManifestEntries) {
    this.count = entries.length;
    this.links = new Bitmap(entries.length);
    this.#directories = new Bitmap(entries.length);
    this.#parents = new Int32Array(entries.length);
    this.#read(entries);
  }

  /** The directory that an entry is in; -1 at the top. */
  parentOf(entry: number): number {
    return this.#parents[entry] ?? -1;
  }

  isDirectory(entry: number): boolean {
    return this.#directories.has(entry);
  }

  /** Whether it is neither a directory nor a link. */
  isFile(entry: number): boolean {
    return !this.#directories.has(entry) && !this.links.has(entry);
  }

  /** Entries come after the directory that they are in, and before what comes after it. */
  #read(entries: ManifestEntries): void {
    const around: { readonly index: number; readonly prefix: string }[] = [];
    let index = 0;
    for (const { path, kind } of entries) {
      while (around.length > 0 && !path.startsWith(around.at(-1)?.prefix ?? "")) around.pop();
      this.#parents[index] = around.at(-1)?.index ?? -1;
      if (kind === "directory") {
        this.#directories.set(index);
        around.push({ index, prefix: `${path}/` });
      } else if (kind === "link") this.links.set(index);
      index += 1;
    }
  }
}
