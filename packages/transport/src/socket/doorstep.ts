import type { Socket } from "node:net";
import { type Call, callOf } from "../security/call.js";
import { mostHelloBytes, readClientHello } from "../security/client-hello.js";
import type { Visit } from "./accepted-connections.js";

/**
 * Where accepted sockets wait until they have said whom they want. Who is not expected gets no
 * further, and no answer: a stranger can open connections faster than handshakes can be begun.
 */
export class Doorstep {
  readonly #isExpected: (call: Call) => boolean;
  readonly #waiting = new Set<Socket>();

  constructor(isExpected: (call: Call) => boolean) {
    this.#isExpected = isExpected;
  }

  /** @param enter - it is expected; what it has said is still to be read from the socket */
  receive(socket: Socket, visit: Visit, enter: (call: Call) => void): void {
    let said: Buffer = Buffer.alloc(0);
    const leave = (): void => {
      this.#waiting.delete(socket);
      socket.off("readable", onReadable).off("close", onClose);
    };
    const onClose = (): void => {
      leave();
      visit.end();
    };
    const onReadable = (): void => {
      const bytes = socket.read() as Buffer | null;
      if (bytes === null) return;
      said = Buffer.concat([said, bytes]);
      const hello = readClientHello(said);
      if (hello === undefined && said.length < mostHelloBytes) return;
      const call = callOf(hello?.serverName ?? "");
      if (call === undefined || !this.#isExpected(call)) return void socket.destroy();
      leave();
      socket.unshift(said);
      enter(call);
    };
    this.#waiting.add(socket);
    visit.onSilent = () => socket.destroy();
    socket.on("error", () => undefined);
    socket.on("close", onClose).on("readable", onReadable);
  }

  /** Nobody is received any more. */
  clear(): void {
    for (const socket of this.#waiting) socket.destroy();
  }
}
