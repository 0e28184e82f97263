import { randomBytes } from "node:crypto";
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { GroupKey } from "@palmtree/transport";
import { Hello } from "./hello.js";
import { makeJunk } from "./junk.js";

/** A stranger without the group's key that says as much as it can to some peers. */
export interface Flood {
  /** `host:port` */
  readonly targets: readonly string[];
  /** To each of them; 0 for none. What the machine does not manage is left out. */
  readonly datagramsPerSecond: number;
  readonly connectionsPerSecond: number;
  /** The group's key, from which it has what it could have captured; undefined: nothing. */
  readonly keyFile?: string;
}

/** What makes the lab a flood, until it is ended. */
export const floodCommand = "flood";

const tickMs = 5;

/** A stranger that is later than this does not catch up. */
const mostLateMs = 100;

/** How long a connection that says nothing is held. */
const holdMs = 1_000;

/** How often it tells how much it has said. */
const tellMs = 500;

/** Sockets to each target, and so addresses that it comes from: no factor of the kinds of junk. */
const socketCount = 7;

export function floodArguments(flood: Flood): string[] {
  const { targets, datagramsPerSecond, connectionsPerSecond, keyFile } = flood;
  return [
    floodCommand,
    targets.join(","),
    String(datagramsPerSecond),
    String(connectionsPerSecond),
    ...(keyFile === undefined ? [] : [keyFile]),
  ];
}

/** @param args - as `floodArguments` made them, without the first */
export async function runFlood(args: readonly string[]): Promise<void> {
  const [targets = "", datagrams = "0", connections = "0", keyFile] = args;
  const keys = keyFile === undefined ? [] : [GroupKey.parse(readFileSync(keyFile, "utf8"))];
  const junk = await makeJunk(keys);
  const hello = await Hello.make();
  const places = targets.split(",").map((target) => {
    const [host = "", port = ""] = target.split(":");
    return { host, port: Number(port) };
  });
  const sockets = await Promise.all(places.flatMap(openSockets));
  const said = { datagrams: 0, connections: 0 };
  console.log(JSON.stringify({ type: "flooding" }));
  let at = performance.now();
  const owed = { datagrams: 0, connections: 0 };
  setInterval(() => {
    const seconds = Math.min(performance.now() - at, mostLateMs) / 1_000;
    at = performance.now();
    owed.datagrams += seconds * Number(datagrams) * places.length;
    owed.connections += seconds * Number(connections);
    for (; owed.datagrams >= 1; owed.datagrams -= 1) {
      sockets[said.datagrams % sockets.length]?.send(junk[said.datagrams % junk.length] as Buffer);
      said.datagrams += 1;
    }
    for (; owed.connections >= 1; owed.connections -= 1) {
      for (const place of places) knock(place, said.connections, hello);
      said.connections += 1;
    }
  }, tickMs);
  setInterval(() => console.log(JSON.stringify({ type: "said", ...said })), tellMs);
  await new Promise(() => undefined);
}

interface Place {
  readonly host: string;
  readonly port: number;
}

/** Of a machine's own addresses of loopback, which are many, each is somebody else. */
function openSockets({ host, port }: Place): Promise<UdpSocket>[] {
  return Array.from({ length: socketCount }, async (_, at) => {
    const socket = createSocket("udp4");
    const isLocal = host.startsWith("127.") && process.platform === "linux";
    socket.bind(0, isLocal ? `127.0.0.${at + 1}` : undefined);
    await once(socket, "listening");
    // Without it the address would be looked up for every datagram.
    socket.connect(port, host);
    await once(socket, "connect");
    // Nobody is there yet, or any more.
    return socket.on("error", () => undefined);
  });
}

/** A third of the connections says nothing, a third is garbage, a third looks like a caller's. */
function knock({ host, port }: Place, count: number, hello: Hello): void {
  const socket = connect(port, host);
  socket.on("error", () => undefined);
  socket.resume();
  if (count % 3 === 0) socket.write(hello.toNobody());
  if (count % 3 === 1) socket.write(randomBytes(100));
  setTimeout(() => socket.destroy(), holdMs);
}
