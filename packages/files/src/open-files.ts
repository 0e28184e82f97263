import { closeFile, type Descriptor } from "./descriptor.js";

/** Open files of one reader or store: far below the usual limit of 1,024 for a process. */
export const OPEN_FILE_LIMIT = 64;

interface Slot {
  readonly handle: Promise<Descriptor>;
  users: number;
  /** Set once the file is to be closed: called when nobody uses it. */
  onUnused: (() => void) | undefined;
}

/**
 * Keeps the files open that were used last, and closes the rest. Files in use stay open, so there
 * may be more than the limit while more are in use.
 */
export class OpenFiles {
  readonly #limit: number;
  readonly #open: (entry: number) => Promise<Descriptor>;
  readonly #onCloseFailure: (entry: number, error: unknown) => void;
  /** By entry, the one that was used longest ago first. */
  readonly #slots: Map<number, Slot> = new Map();
  readonly #closing: Set<Promise<void>> = new Set();

  /**
   * @param limit - files that are kept open
   * @param open - opens the file of an entry; called again when it is needed after it was closed
   * @param onCloseFailure - told when closing fails: a network file system may say only then that
   *   something could not be written
   */
  constructor(
    limit: number,
    open: (entry: number) => Promise<Descriptor>,
    onCloseFailure: (entry: number, error: unknown) => void = () => undefined,
  ) {
    this.#limit = limit;
    this.#open = open;
    this.#onCloseFailure = onCloseFailure;
  }

  /** Runs `work` with the entry's file, opened if need be; `work` must not close it. */
  async use<T>(entry: number, work: (file: Descriptor) => Promise<T>): Promise<T> {
    const slot = this.#slots.get(entry) ?? this.#makeSlot(entry);
    this.#slots.delete(entry);
    this.#slots.set(entry, slot);
    slot.users += 1;
    try {
      return await work(await slot.handle);
    } finally {
      slot.users -= 1;
      if (slot.users === 0) slot.onUnused?.();
    }
  }

  /** Closes the entry's file as soon as it is not in use; it is opened afresh when used again. */
  retire(entry: number): void {
    const slot = this.#slots.get(entry);
    if (slot === undefined) return;
    this.#slots.delete(entry);
    const closing = this.#close(entry, slot);
    this.#closing.add(closing);
    void closing.then(() => this.#closing.delete(closing));
  }

  /** Closes every file, those in use as soon as they no longer are, and waits until all are. */
  async close(): Promise<void> {
    for (const entry of [...this.#slots.keys()]) this.retire(entry);
    await Promise.all(this.#closing);
  }

  #makeSlot(entry: number): Slot {
    this.#makeRoom();
    const slot: Slot = { handle: this.#open(entry), users: 0, onUnused: undefined };
    slot.handle.catch(() => {
      if (this.#slots.get(entry) === slot) this.#slots.delete(entry);
    });
    return slot;
  }

  #makeRoom(): void {
    if (this.#slots.size < this.#limit) return;
    for (const [entry, slot] of this.#slots) {
      if (slot.users > 0) continue;
      this.retire(entry);
      return;
    }
  }

  async #close(entry: number, slot: Slot): Promise<void> {
    if (slot.users > 0) {
      await new Promise<void>((resolve) => {
        slot.onUnused = resolve;
      });
    }
    const file = await slot.handle.catch(() => undefined); // its users were told
    if (file === undefined) return;
    await closeFile(file).catch((error: unknown) => this.#onCloseFailure(entry, error));
  }
}
