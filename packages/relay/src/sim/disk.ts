import { PalmTreeError } from "@palmtree/wire";
import type { DiskFault } from "./scenario.js";

/** What a simulated host stores chunks on. It outlives the process, and may refuse to take more. */
export class Disk {
  /** What is on it, by the chunk's index. */
  readonly stored: (Uint8Array | undefined)[] = [];
  readonly #fault: DiskFault | undefined;
  /** The order in which chunks were written. */
  readonly #written: number[] = [];
  #writes = 0;

  constructor(fault: DiskFault | undefined) {
    this.#fault = fault;
  }

  /** Whether it has refused a write. */
  get hasFailed(): boolean {
    return this.#fault !== undefined && this.#writes > this.#fault.afterWrites;
  }

  /** The power went: of the chunks written last so many are not what they should be. */
  tear(count: number): void {
    for (const index of this.#written.splice(-count, count)) {
      const payload = this.stored[index];
      if (payload !== undefined) this.stored[index] = torn(payload);
    }
  }

  /** @returns why the chunk is not stored, if it is not */
  write(index: number, payload: Uint8Array): PalmTreeError | undefined {
    this.#writes += 1;
    if (!this.hasFailed || this.#fault === undefined) {
      this.stored[index] = payload;
      this.#written.push(index);
      return undefined;
    }
    return new PalmTreeError(this.#fault.code, `chunk ${index} cannot be written`);
  }
}

/** A write that was torn: its last byte is not there. */
export function torn(payload: Uint8Array): Uint8Array {
  return payload.map((byte, at) => byte ^ Number(at === payload.length - 1));
}
