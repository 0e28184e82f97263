import { type ChunkLayout, countFiles, type Manifest } from "@palmtree/files";

/** A file of a transfer, and how much of it is here. Its numbers are live. */
export interface FileItem {
  /** Where it will be, relative to the directory; components are separated by "/". */
  readonly path: string;
  /** Undefined as long as it is a stream that has not ended. */
  readonly sizeBytes: number | undefined;
  /** Bytes that are verified and on this machine's disk, in staging. */
  readonly bytesReceived: number;
  /** Whether all of it is; an empty file is complete from the beginning. */
  readonly isComplete: boolean;
}

/**
 * The files of a transfer, in the manifest's order; directories are not among them. An item is
 * made when it is asked for, so 100,000 files cost no more than their numbers.
 *
 * @example
 * ```ts
 * for (const { path, isComplete } of receiver.fileItems) console.log(path, isComplete);
 * ```
 */
export interface FileItems extends Iterable<FileItem> {
  /** Files. */
  readonly length: number;
  /** Files that are complete. */
  readonly completeCount: number;
  /** The file at that place, from 0; undefined where there is none. */
  at(index: number): FileItem | undefined;
}

/** Keeps count of what has been received of each file. */
export class FileProgress implements FileItems {
  readonly layout: ChunkLayout;
  readonly #manifest: Manifest;
  /** The manifest's entries that are files. */
  readonly #entries: Uint32Array;
  /** By the manifest's entry. */
  readonly #received: Float64Array;
  #bytesReceived = 0;
  #completeCount = 0;

  constructor(manifest: Manifest, layout: ChunkLayout) {
    const { entries } = manifest;
    this.layout = layout;
    this.#manifest = manifest;
    this.#received = new Float64Array(entries.length);
    this.#entries = new Uint32Array(countFiles(entries));
    let index = 0;
    let place = 0;
    for (const { kind, sizeBytes } of entries) {
      if (kind === "file") {
        this.#entries[place] = index;
        place += 1;
        if (sizeBytes === 0 && !layout.isOpen) this.#completeCount += 1;
      }
      index += 1;
    }
  }

  get length(): number {
    return this.#entries.length;
  }

  get completeCount(): number {
    return this.#completeCount;
  }

  /** Bytes of all files; undefined as long as it is a stream that has not ended. */
  get totalBytes(): number | undefined {
    return this.layout.isOpen ? undefined : this.layout.totalBytes;
  }

  /** Bytes of all files that are on disk. */
  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  at(index: number): FileItem | undefined {
    const entry = this.#entries[index];
    return entry === undefined ? undefined : new LiveItem(this, entry);
  }

  *[Symbol.iterator](): Generator<FileItem, void, undefined> {
    for (const entry of this.#entries) yield new LiveItem(this, entry);
  }

  /** A chunk is on disk; told once for each. */
  stored(chunk: number): void {
    const { entry, length } = this.layout.locate(chunk);
    const received = (this.#received[entry] as number) + length;
    this.#received[entry] = received;
    this.#bytesReceived += length;
    if (received === this.sizeOf(entry)) this.#completeCount += 1;
  }

  /** The stream that comes has its length now, and may have been complete before. */
  ended(): void {
    if (this.#bytesReceived === this.layout.totalBytes) this.#completeCount = 1;
  }

  pathOf(entry: number): string {
    return this.#manifest.entries.at(entry)?.path ?? "";
  }

  sizeOf(entry: number): number | undefined {
    return this.layout.isOpen ? undefined : this.layout.sizeOf(entry);
  }

  receivedOf(entry: number): number {
    return this.#received[entry] ?? 0;
  }
}

class LiveItem implements FileItem {
  readonly #progress: FileProgress;
  readonly #entry: number;

  constructor(progress: FileProgress, entry: number) {
    this.#progress = progress;
    this.#entry = entry;
  }

  get path(): string {
    return this.#progress.pathOf(this.#entry);
  }

  get sizeBytes(): number | undefined {
    return this.#progress.sizeOf(this.#entry);
  }

  get bytesReceived(): number {
    return this.#progress.receivedOf(this.#entry);
  }

  get isComplete(): boolean {
    return this.bytesReceived === this.sizeBytes;
  }
}

/** What is known of the files before the manifest is. */
export const noFiles: FileItems = {
  length: 0,
  completeCount: 0,
  at: () => undefined,
  [Symbol.iterator]: () => [][Symbol.iterator](),
};
