import { PalmTreeError } from "@palmtree/wire";
import type { DiskFault } from "./scenario.js";

/** What a simulated host stores chunks on. It outlives the process, and may refuse to take more. */
export class Disk {
  /** What is on it, by the chunk's index. */
  readonly stored: (Uint8Array | undefined)[] = [];
  readonly #fault: DiskFault | undefined;
  #writes = 0;

  constructor(fault: DiskFault | undefined) {
    this.#fault = fault;
  }

  /** Whether it has refused a write. */
  get hasFailed(): boolean {
    return this.#fault !== undefined && this.#writes > this.#fault.afterWrites;
  }

  /** @returns why the chunk is not stored, if it is not */
  write(index: number, payload: Uint8Array): PalmTreeError | undefined {
    this.#writes += 1;
    if (!this.hasFailed || this.#fault === undefined) {
      this.stored[index] = payload;
      return undefined;
    }
    return new PalmTreeError(this.#fault.code, `chunk ${index} cannot be written`);
  }
}
