import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Address } from "@palmtree/wire";
import { type OpenTransportOptions, openTransport } from "../../src/index.js";
import type { World } from "../peer.js";

/** Transports on this machine's loopback, on ports that the system chooses. */
export function loopback(options: Partial<Omit<OpenTransportOptions, "handlers">> = {}): World {
  const host = options.host ?? "127.0.0.1";
  return {
    open: (handlers, address) => {
      const port = address === undefined ? 0 : portOf(address);
      return openTransport({ keys: "insecure", ...options, host, port, handlers });
    },
    // Node does not let the socket below a TLS socket be reset.
    canDiallerReset: options.keys === undefined,
    vacantAddress: async () => {
      const handlers = { onDatagram: () => undefined, onConnection: () => undefined };
      const transport = await openTransport({ host, keys: "insecure", handlers });
      await transport.close();
      return transport.address;
    },
  };
}

export function portOf(address: Address): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

/** A plain TCP connection to a transport on 127.0.0.1; its errors are not the test's concern. */
export async function rawConnection(to: Address): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port: portOf(to), allowHalfOpen: true });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** A plain UDP socket on 127.0.0.1. */
export async function rawDatagrams(): Promise<UdpSocket> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}
