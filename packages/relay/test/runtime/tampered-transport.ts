import {
  type Connection,
  type OpenTransportOptions,
  openTransport,
  type Transport,
} from "@palmtree/transport";
import type { Frame } from "@palmtree/wire";

/** What becomes of a frame that is sent: another one, or nothing. */
export type Tamper = (frame: Frame) => Frame | undefined;

/** Opens a transport whose connections send other frames than they are given. */
export function tamperedTransport(
  tamper: Tamper,
): (options: OpenTransportOptions) => Promise<Transport> {
  return async (options) => {
    const transport = await openTransport({
      ...options,
      handlers: {
        onDatagram: (from, datagram) => options.handlers.onDatagram(from, datagram),
        isExpected: (call) => options.handlers.isExpected?.(call) ?? false,
        onConnection: (connection) => options.handlers.onConnection(tampered(connection, tamper)),
      },
    });
    return {
      address: transport.address,
      identity: transport.identity,
      counters: transport.counters,
      send: (to, datagram) => transport.send(to, datagram),
      dial: (to, call, handlers) => tampered(transport.dial(to, call, handlers), tamper),
      release: (payload) => transport.release(payload),
      close: () => transport.close(),
      [Symbol.asyncDispose]: () => transport.close(),
    };
  };
}

function tampered(connection: Connection, tamper: Tamper): Connection {
  return new Proxy(connection, {
    get: (target, name) => {
      if (name === "send")
        return (frame: Frame, onSent?: () => void) => {
          const sent = tamper(frame);
          if (sent !== undefined) target.send(sent, onSent);
        };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Holds back every chunk from that one on, for good: the transfer stands still. */
export function withoutChunksFrom(first: number): Tamper {
  return (frame) => (frame.type === "chunk" && frame.index >= first ? undefined : frame);
}

/** Flips a bit of one chunk, the first time that it is sent. */
export function corruptingOnce(index: number): Tamper & { readonly count: number } {
  let count = 0;
  const tamper = (frame: Frame): Frame => {
    if (frame.type !== "chunk" || frame.index !== index || count > 0) return frame;
    count += 1;
    const payload = Uint8Array.from(frame.payload);
    payload[payload.length >> 1] = (payload[payload.length >> 1] ?? 0) ^ 1;
    return { ...frame, payload };
  };
  return Object.defineProperty(tamper, "count", { get: () => count }) as typeof tamper & {
    readonly count: number;
  };
}
