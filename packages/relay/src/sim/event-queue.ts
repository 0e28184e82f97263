/**
 * What happens later in a simulation: a binary heap by time, first come first served at equal
 * times.
 */
export class EventQueue {
  #times = new Float64Array(1_024);
  #orders = new Float64Array(1_024);
  readonly #actions: (() => void)[] = [];
  #size = 0;
  #order = 0;

  get size(): number {
    return this.#size;
  }

  /** Let `action` happen at `time`, in virtual milliseconds. */
  push(time: number, action: () => void): void {
    if (this.#size === this.#times.length) this.#grow();
    let place = this.#size;
    this.#size += 1;
    this.#order += 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if ((this.#times[above] as number) <= time) break;
      this.#move(above, place);
      place = above;
    }
    this.#set(place, time, this.#order, action);
  }

  /** The earliest action and its time. */
  pop(): { readonly time: number; readonly action: () => void } | undefined {
    if (this.#size === 0) return undefined;
    const first = { time: this.#times[0] as number, action: this.#actions[0] as () => void };
    this.#size -= 1;
    const time = this.#times[this.#size] as number;
    const order = this.#orders[this.#size] as number;
    const action = this.#actions.pop() as () => void;
    if (this.#size > 0) this.#sink(time, order, action);
    return first;
  }

  #sink(time: number, order: number, action: () => void): void {
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= this.#size) break;
      if (below + 1 < this.#size && this.#isBefore(below + 1, below)) below += 1;
      const isPlaced =
        time < (this.#times[below] as number) ||
        (time === this.#times[below] && order < (this.#orders[below] as number));
      if (isPlaced) break;
      this.#move(below, place);
      place = below;
    }
    this.#set(place, time, order, action);
  }

  #isBefore(one: number, other: number): boolean {
    const difference = (this.#times[one] as number) - (this.#times[other] as number);
    return (
      difference < 0 ||
      (difference === 0 && (this.#orders[one] as number) < (this.#orders[other] as number))
    );
  }

  #move(from: number, to: number): void {
    this.#set(
      to,
      this.#times[from] as number,
      this.#orders[from] as number,
      this.#actions[from] as () => void,
    );
  }

  #set(place: number, time: number, order: number, action: () => void): void {
    this.#times[place] = time;
    this.#orders[place] = order;
    this.#actions[place] = action;
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    const orders = new Float64Array(times.length);
    times.set(this.#times);
    orders.set(this.#orders);
    this.#times = times;
    this.#orders = orders;
  }
}
