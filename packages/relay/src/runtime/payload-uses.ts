/**
 * Who still reads a payload: the machine, the disk, each child that it is being sent to. When the
 * last of them is done, its memory is given back. One that is never done, because its connection
 * or its disk failed, costs that saving and no more: then the memory is collected.
 */
export class PayloadUses {
  readonly #release: (payload: Uint8Array) => void;
  readonly #counts = new WeakMap<Uint8Array, number>();

  /** @param release - is given each payload that nobody reads any more, once */
  constructor(release: (payload: Uint8Array) => void) {
    this.#release = release;
  }

  /** Somebody begins to read the payload. */
  begin(payload: Uint8Array): void {
    this.#counts.set(payload, (this.#counts.get(payload) ?? 0) + 1);
  }

  /** Somebody who began to read the payload does not read it any more. */
  end(payload: Uint8Array): void {
    const count = this.#counts.get(payload) ?? 0;
    if (count > 1) this.#counts.set(payload, count - 1);
    else if (this.#counts.delete(payload)) this.#release(payload);
  }
}
