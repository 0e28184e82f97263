/** Places at first. */
const leastPlaces = 4;

/**
 * First in, first out, in a ring that grows when it is full: what enters and leaves costs neither
 * memory nor copies, however many wait behind it.
 */
export class Fifo<Item> {
  /** A power of two of places, of which those that are waiting take `#size` from `#head` on. */
  #places: (Item | undefined)[] = [];
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The one that leaves next. */
  get first(): Item | undefined {
    return this.#size === 0 ? undefined : this.#places[this.#head];
  }

  push(item: Item): void {
    if (this.#size === this.#places.length) this.#grow();
    this.#places[(this.#head + this.#size) & (this.#places.length - 1)] = item;
    this.#size += 1;
  }

  shift(): Item | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#places[this.#head];
    this.#places[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#places.length - 1);
    this.#size -= 1;
    return item;
  }

  clear(): void {
    this.#places = [];
    this.#head = 0;
    this.#size = 0;
  }

  #grow(): void {
    const full = this.#places;
    const places = full.slice(this.#head);
    for (let at = 0; at < this.#head; at += 1) places.push(full[at]);
    const count = Math.max(leastPlaces, 2 * full.length);
    while (places.length < count) places.push(undefined);
    this.#places = places;
    this.#head = 0;
  }
}
