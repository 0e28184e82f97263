import { PalmTreeError } from "@palmtree/wire";
import { exitCodes } from "./exit-code.js";

const signals = ["SIGINT", "SIGTERM"] as const;

/**
 * The wish that the command ends: the first SIGINT or SIGTERM asks it to end in good order, the
 * second ends the process at once.
 */
export class StopRequest implements Disposable {
  readonly #controller = new AbortController();
  readonly #onSignal = (name: NodeJS.Signals): void => {
    if (this.#controller.signal.aborted) process.exit(exitCodes.failed);
    this.make(`stopped by ${name}`);
  };

  constructor() {
    for (const name of signals) process.on(name, this.#onSignal);
  }

  /** Aborted once, with an `aborted` error as its reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** @param why - for people: `stopped by SIGINT` */
  make(why: string): void {
    this.#controller.abort(new PalmTreeError("aborted", why));
  }

  /** A process that was asked to end is about to: another signal must not end it with another code. */
  [Symbol.dispose](): void {
    if (this.#controller.signal.aborted) return;
    for (const name of signals) process.off(name, this.#onSignal);
  }
}
