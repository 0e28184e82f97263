import type { RenamedEntry } from "@palmtree/files";
import type { Address, SessionId } from "@palmtree/wire";
import type { ChunkFeed, ReceivedChunk } from "./chunk-feed.js";
import type { FileItems } from "./file-items.js";

/** How a transfer ended on this machine. */
export interface ReceiveResult {
  /**
   * `complete`: everything is verified, and stands under its final name but for what was `skipped`;
   * else nothing does.
   */
  readonly status: "complete" | "failed";
  /** Files under their final names, empty ones too; directories are not counted. */
  readonly files: number;
  /** Names at the top of what was sent that did not land: something else has them (`onConflict`). */
  readonly skipped: readonly string[];
  /** What landed under another name than it was sent under (`onConflict`). */
  readonly renamed: readonly RenamedEntry[];
  /** Payload bytes that are here and verified. */
  readonly bytes: number;
  /** Of these, bytes that were here before the session: from an earlier one, or under their names. */
  readonly resumedBytes: number;
  /** Payload bytes that came although their chunks were here or on their way to the disk. */
  readonly duplicateBytes: number;
  /** From the invitation to this result. */
  readonly seconds: number;
  /** Why it failed: one of the codes of `PalmTreeError`, and a sentence. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** What a {@link FilesReceiver} shows. */
export interface ReceiverView {
  readonly session: SessionId;
  readonly name: string;
  readonly from: Address;
  readonly directory: string;
  readonly totalBytes: number | undefined;
  readonly bytesReceived: number;
  readonly fileItems: FileItems;
  readonly result: Promise<ReceiveResult>;
  openFeed(): ChunkFeed;
  closeFeed(feed: ChunkFeed): void;
  cancel(reason: string): void;
}

let construct: (view: ReceiverView) => FilesReceiver;

/**
 * One transfer that is coming in: what it brings, how far it is, and how it ends. Made by
 * {@link PalmTreeRelay}, which hands it to `onTransferStart`.
 *
 * @example
 * ```ts
 * await using relay = await PalmTreeRelay.open({
 *   keys: [key],
 *   directory: "incoming",
 *   onTransferStart: (receiver) => {
 *     console.log(`receiving ${receiver.fileItems.length} files from ${receiver.from}`);
 *     void receiver.result.then(({ status }) => console.log(status));
 *   },
 * });
 * ```
 */
export class FilesReceiver {
  readonly #view: ReceiverView;

  static {
    construct = (view) => new FilesReceiver(view);
  }

  private constructor(view: ReceiverView) {
    this.#view = view;
  }

  /** The session's id. */
  get session(): SessionId {
    return this.#view.session;
  }

  /** What the sender calls it, for people; it may hold anything, so escape it before printing. */
  get name(): string {
    return this.#view.name;
  }

  /** The sender's address. */
  get from(): Address {
    return this.#view.from;
  }

  /** Where everything lands in the end. */
  get directory(): string {
    return this.#view.directory;
  }

  /** Bytes of all files; undefined as long as it is a stream that has not ended. */
  get totalBytes(): number | undefined {
    return this.#view.totalBytes;
  }

  /** Bytes of all files that are verified and on this machine's disk, in staging. */
  get bytesReceived(): number {
    return this.#view.bytesReceived;
  }

  /** The files, with their live progress; empty until the manifest is here (`onTransferStart`). */
  get fileItems(): FileItems {
    return this.#view.fileItems;
  }

  /**
   * How it ends on this machine; never rejects. A complete transfer has its result as soon as
   * everything has landed, though this peer goes on to serve its neighbours.
   */
  get result(): Promise<ReceiveResult> {
    return this.#view.result;
  }

  /**
   * Chunks as they are stored, from now on until the transfer's result is known. A reader that is
   * more than 1,024 chunks behind misses the oldest of them: `missedChunks` says how many. It never
   * holds the transfer back. Each call is a reader of its own.
   *
   * @example
   * ```ts
   * for await (const { path, total } of receiver.dataReceiver())
   *   console.log(path, total.bytesReceived, "of", total.sizeBytes ?? "an unknown number of", "bytes");
   * ```
   */
  async *dataReceiver(): AsyncGenerator<ReceivedChunk, void, undefined> {
    const feed = this.#view.openFeed();
    try {
      for (let chunk = await feed.next(); chunk !== undefined; chunk = await feed.next())
        yield chunk;
    } finally {
      this.#view.closeFeed(feed);
    }
  }

  /**
   * Leave the session. What was received of it is removed; after it has landed, only the serving
   * of neighbours ends.
   *
   * @param reason - for people, told to the sender
   */
  cancel(reason: string): void {
    this.#view.cancel(reason);
  }
}

/** The public face of a transfer. */
export function createFilesReceiver(view: ReceiverView): FilesReceiver {
  return construct(view);
}
