import { connect, type Socket } from "node:net";
import type { Endpoint } from "../address.js";
import type { Pipe, PipeEvents } from "../stream/pipe.js";
import { SocketPipe, type SocketPipeOptions } from "./socket-pipe.js";

/**
 * Open a TCP connection. It reads where its owner wants the bytes (Node's `onread`, whose buffer
 * may be another one for every read), so that the system's copy out of the kernel is the only one.
 */
export function dialPipe(to: Endpoint, events: PipeEvents, options: SocketPipeOptions): Pipe {
  const socket = connect({
    host: to.host,
    port: to.port,
    noDelay: true,
    onread: {
      buffer: () => events.room(),
      callback: (count) => {
        pipe.take(count);
        return true;
      },
    },
  });
  const pipe: SocketPipe = new SocketPipe(socket, events, options);
  pipe.awaitOpen("connect");
  return pipe;
}

/**
 * The pipe of a socket that a server accepted, paused. Node has no `onread` for these, so every
 * read comes in a buffer of its own, as a `data` event.
 */
export function acceptedPipe(socket: Socket, events: PipeEvents, options: SocketPipeOptions): Pipe {
  const pipe = new SocketPipe(socket, events, options);
  socket.on("data", (bytes: Buffer) => pipe.pass(bytes));
  return pipe;
}
