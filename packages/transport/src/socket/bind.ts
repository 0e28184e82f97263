import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Server } from "node:net";
import { isPalmTreeError } from "@palmtree/wire";
import type { TransportOptions } from "./options.js";
import { listenError, systemCode } from "./system-error.js";

/** A UDP socket and a TCP server on the same host and port. */
export interface BoundSockets {
  readonly udp: UdpSocket;
  readonly server: Server;
  readonly port: number;
}

/**
 * Bind UDP and TCP to the same port. Where any port will do, the one that UDP gets is tried for
 * TCP, and another if that is taken.
 *
 * @throws port-taken, not-permitted, address-invalid
 */
export async function bindBoth(options: TransportOptions): Promise<BoundSockets> {
  for (let attempt = 1; ; attempt += 1) {
    const udp = await bindUdp(options);
    const { port } = udp.address();
    try {
      return { udp, server: await listenTcp(options, port), port };
    } catch (error) {
      udp.close();
      const mayRetry = options.port === 0 && attempt < options.portAttempts;
      if (!mayRetry || !isPalmTreeError(error) || error.code !== "port-taken") throw error;
    }
  }
}

function bindUdp(options: TransportOptions): Promise<UdpSocket> {
  const { host, port } = options;
  const udp = createSocket({
    type: isV6(host) ? "udp6" : "udp4",
    // Addresses are numbers here; Node's default would ask the resolver for every datagram.
    lookup: (name, _options, done) => done(null, name, isV6(name) ? 6 : 4),
  });
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => {
      udp.close();
      reject(listenError(host, port, cause));
    };
    udp.once("error", fail);
    udp.bind({ address: host, port, exclusive: true }, () => {
      udp.off("error", fail);
      enlarge(udp, options.receiveBufferBytes);
      resolve(udp);
    });
  });
}

/** What is an IP address has a colon or none; Node's check compiles a pattern, for 5 ms. */
function isV6(ip: string): boolean {
  return ip.includes(":");
}

/** Ask for a larger buffer; Linux grants what it allows, other systems may refuse altogether. */
function enlarge(udp: UdpSocket, bytes: number): void {
  try {
    if (udp.getRecvBufferSize() < bytes) udp.setRecvBufferSize(bytes);
  } catch (error) {
    if (systemCode(error) !== "ERR_SOCKET_BUFFER_SIZE") throw error;
  }
}

function listenTcp(options: TransportOptions, port: number): Promise<Server> {
  const { host } = options;
  const server = createServer({ noDelay: true, pauseOnConnect: true });
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => reject(listenError(host, port, cause));
    server.once("error", fail);
    server.listen({ host, port, exclusive: true }, () => {
      server.off("error", fail);
      resolve(server);
    });
  });
}
