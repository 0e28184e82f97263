import type { StreamConnection } from "./stream-connection.js";

/** The connections of a transport that are not over. */
export class ConnectionSet {
  readonly #connections = new Set<StreamConnection>();
  #onEmpty: (() => void) | undefined;

  add(connection: StreamConnection): void {
    this.#connections.add(connection);
  }

  /** It is over. */
  remove(connection: StreamConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  /** Close all of them, strangers at once, and resolve when they are over. */
  closeAll(): Promise<void> {
    for (const connection of this.#connections) {
      if (connection.isStranger) connection.destroy();
      else connection.close();
    }
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }
}
