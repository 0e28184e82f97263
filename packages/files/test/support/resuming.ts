import { cp, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import {
  ChunkLayout,
  ChunkStore,
  encodeManifest,
  type ManifestEntry,
  type OnConflict,
  sha256,
} from "../../src/index.js";
import { pattern } from "./pattern.js";
import { manifestOf } from "./tree.js";

/** What each file contains in these tests: a part of the same bytes, by the path's length. */
const content = pattern(400_000, 1);

function contentOf({ path, sizeBytes }: ManifestEntry): Uint8Array {
  return content.subarray(path.length, path.length + sizeBytes);
}

let sessions = 0;

/** A store that goes on with what is there, and what one does with it. */
export class Resuming {
  readonly store: ChunkStore;
  readonly layout: ChunkLayout;
  readonly session: string;
  readonly directory: string;
  readonly #entries: readonly ManifestEntry[];

  private constructor(store: ChunkStore, session: string, options: ResumingOptions) {
    this.store = store;
    this.session = session;
    this.layout = options.layout;
    this.directory = store.directory;
    this.#entries = options.entries;
  }

  static async start(
    directory: string,
    entries: readonly ManifestEntry[],
    options: {
      readonly chunkSizeBytes?: number;
      readonly onConflict?: OnConflict;
      readonly sync?: boolean;
    } = {},
  ): Promise<Resuming> {
    sessions += 1;
    const session = sessions.toString(16).padStart(32, "0");
    const manifest = { ...manifestOf(...entries), chunkSizeBytes: options.chunkSizeBytes ?? 1024 };
    const layout = new ChunkLayout(manifest);
    const encoded = encodeManifest(manifest);
    const store = await ChunkStore.create({
      directory,
      session,
      manifest,
      layout,
      onConflict: options.onConflict ?? "fail",
      sync: options.sync ?? false,
      resume: { manifest: encoded, manifestHash: sha256(encoded) },
    });
    onTestFinished(() => store.abandon());
    return new Resuming(store, session, { layout, entries });
  }

  get staging(): string {
    return join(this.directory, `.palmtree-${this.session}`);
  }

  get all(): number[] {
    return Array.from({ length: this.layout.chunkCount }, (_, index) => index);
  }

  /** Chunks that seem to be here. */
  get leftovers(): number[] {
    return [...this.store.leftovers.indexes()];
  }

  chunk(index: number): Uint8Array {
    const { entry, offset, length } = this.layout.locate(index);
    return contentOf(this.#entries[entry] as ManifestEntry).subarray(offset, offset + length);
  }

  put(index: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.store.store(index, this.chunk(index), (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }

  async putAll(indexes: readonly number[] = this.all): Promise<void> {
    await Promise.all(indexes.map((index) => this.put(index)));
  }

  /** Compares what seems to be here with what should be, as a receiver does. @returns the rest */
  async check(): Promise<number[]> {
    const wrong: number[] = [];
    for (const index of this.leftovers) {
      const found = await this.store.load(index).catch(() => new Uint8Array());
      const isIntact = Buffer.compare(found, this.chunk(index)) === 0;
      if (!isIntact || !(await this.store.keep(index))) wrong.push(index);
    }
    return wrong;
  }

  /** Takes what is of use, gets the rest, and lands. */
  async finish(): Promise<void> {
    await this.check();
    await this.putAll(this.all.filter((index) => !this.store.has(index)));
    await this.store.land();
  }
}

interface ResumingOptions {
  readonly layout: ChunkLayout;
  readonly entries: readonly ManifestEntry[];
}

/** What a crash at this moment would leave of a destination: a copy of it elsewhere. */
export async function crashed(directory: string): Promise<string> {
  const copy = `${directory}-crashed`;
  await mkdir(copy);
  for (const name of await readdir(directory))
    await cp(join(directory, name), join(copy, name), {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    });
  return copy;
}
