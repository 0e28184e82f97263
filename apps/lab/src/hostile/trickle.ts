import { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

/** What leaves of a connection as it should: its links come up, and a chunk or two begins. */
const freelyBytes = 100 * 1_024;

interface Waiting {
  readonly bytes: Uint8Array;
  readonly done: (() => void) | undefined;
}

/** What one connection is given to write: freely at first, then a byte whenever it is let. */
export class Trickle {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #waiting: Waiting[] = [];
  #freeBytes: number;
  /** Of the first that waits, those that were written. */
  #at = 0;

  /** @param freeBytes - written at once */
  constructor(write: (bytes: Uint8Array) => void, freeBytes: number = freelyBytes) {
    this.#write = write;
    this.#freeBytes = freeBytes;
  }

  /** @param done - told when all of it was written */
  push(bytes: Uint8Array, done?: () => void): void {
    this.#waiting.push({ bytes, done });
    this.#let(this.#freeBytes);
  }

  /** One byte more. */
  drip(): void {
    this.#let(1);
  }

  #let(mostBytes: number): void {
    let left = mostBytes;
    for (let [first] = this.#waiting; first !== undefined && left > 0; [first] = this.#waiting) {
      const piece = first.bytes.subarray(this.#at, this.#at + left);
      this.#write(piece);
      left -= piece.length;
      this.#at += piece.length;
      this.#freeBytes = Math.max(0, this.#freeBytes - piece.length);
      if (this.#at < first.bytes.length) return;
      this.#at = 0;
      this.#waiting.shift();
      first.done?.();
    }
  }
}

/**
 * From now on all encrypted connections of this process trickle, for good. A transport has no such
 * knob, nor should it: so the sockets below it are got at.
 *
 * @param everyMs - between two bytes of a connection
 */
export function trickleEverywhere(everyMs: number): void {
  const trickles = new WeakMap<TLSSocket, Trickle>();
  const open = (socket: TLSSocket): Trickle => {
    const trickle = new Trickle((bytes) => Duplex.prototype.write.call(socket, bytes, "binary"));
    const timer = setInterval(() => trickle.drip(), everyMs);
    socket.on("close", () => clearInterval(timer));
    trickles.set(socket, trickle);
    return trickle;
  };
  TLSSocket.prototype.write = function trickled(
    this: TLSSocket,
    bytes: Uint8Array,
    done?: unknown,
  ): boolean {
    const trickle = trickles.get(this) ?? open(this);
    trickle.push(bytes, typeof done === "function" ? () => done() : undefined);
    return true;
  };
}
