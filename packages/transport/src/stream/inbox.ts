import { type Frame, FrameReader, type SlabPool } from "@palmtree/wire";

/**
 * Turns bytes into frames and delivers them, unless it is held. Frames that are complete in bytes
 * that were already read wait here: at most those of one read.
 */
export class Inbox {
  readonly #reader: FrameReader;
  readonly #deliver: (frame: Frame) => void;
  readonly #waiting: Frame[] = [];
  #isHeld: boolean;
  #hasFrame = false;

  /**
   * @param deliver - Takes a frame; must not throw.
   * @param options - `isHeld`: begins held; `allocate`, `pool`: see `FrameReaderOptions`.
   */
  constructor(
    deliver: (frame: Frame) => void,
    options: {
      readonly isHeld: boolean;
      readonly allocate: (size: number) => Uint8Array;
      readonly pool: SlabPool;
    },
  ) {
    this.#reader = new FrameReader(options);
    this.#deliver = deliver;
    this.#isHeld = options.isHeld;
  }

  /** Whether a whole frame has come. */
  get hasFrame(): boolean {
    return this.#hasFrame;
  }

  /** Whether frames wait. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Whether the stream so far ends inside a frame. */
  get isInsideFrame(): boolean {
    return this.#reader.isInsideFrame;
  }

  limitChunkBytes(maxChunkBytes: number): void {
    this.#reader.setMaxChunkBytes(maxChunkBytes);
  }

  /** @throws frame-malformed. The frames before it have been delivered. */
  push(bytes: Uint8Array): void {
    this.#reader.push(bytes, this.#onFrame);
  }

  /** Where the next bytes may be put, for {@link take}. */
  room(): Uint8Array {
    return this.#reader.room();
  }

  /** So many bytes were put into {@link room}. @throws frame-malformed, as `push` */
  take(count: number): void {
    this.#reader.take(count, this.#onFrame);
  }

  hold(): void {
    this.#isHeld = true;
  }

  /** Deliver what waits, and whatever comes; unless it is held again meanwhile. */
  release(): void {
    this.#isHeld = false;
    let count = 0;
    for (; count < this.#waiting.length && !this.#isHeld; count += 1) {
      const frame = this.#waiting[count];
      if (frame !== undefined) this.#deliver(frame);
    }
    this.#waiting.splice(0, count);
  }

  /** Drop what waits. */
  discard(): void {
    this.#waiting.length = 0;
  }

  readonly #onFrame = (frame: Frame): void => {
    this.#hasFrame = true;
    if (this.#isHeld) this.#waiting.push(frame);
    else this.#deliver(frame);
  };
}
