import { randomBytes } from "node:crypto";
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** A stranger without the group's key that says as much as it can to some peers. */
export interface Flood {
  /** `host:port` */
  readonly targets: readonly string[];
  /** To each of them; 0 for none. */
  readonly datagramsPerSecond: number;
  readonly connectionsPerSecond: number;
}

/** What makes the lab a flood, until it is ended. */
export const floodCommand = "flood";

const tickMs = 10;

/** How long a connection that says nothing is held. */
const holdMs = 1_000;

export function floodArguments(flood: Flood): string[] {
  const { targets, datagramsPerSecond, connectionsPerSecond } = flood;
  return [
    floodCommand,
    targets.join(","),
    String(datagramsPerSecond),
    String(connectionsPerSecond),
  ];
}

/** @param args - as `floodArguments` made them, without the first */
export async function runFlood(args: readonly string[]): Promise<void> {
  const [targets = "", datagrams = "0", connections = "0"] = args;
  const udp = createSocket("udp4").unref();
  const startedAt = performance.now();
  const said = { datagrams: 0, connections: 0 };
  const places = targets.split(",").map((target) => {
    const [host = "", port = ""] = target.split(":");
    return { host, port: Number(port) };
  });
  const due = (perSecond: string): number =>
    Math.floor(((performance.now() - startedAt) / 1_000) * Number(perSecond));
  setInterval(() => {
    for (; said.datagrams < due(datagrams); said.datagrams += 1)
      for (const place of places) say(udp, place, junk[said.datagrams % junk.length]);
    for (; said.connections < due(connections); said.connections += 1)
      for (const place of places) knock(place, said.connections);
  }, tickMs);
  console.log(JSON.stringify({ type: "flooding" }));
  await new Promise(() => undefined);
}

interface Place {
  readonly host: string;
  readonly port: number;
}

/** 120 bytes on average, of every kind that looks like something up to a point. */
const junk: readonly Buffer[] = Array.from({ length: 1_024 }, (_, at) => {
  const bytes = randomBytes(42 + (at % 160));
  // Magic and version; of these a part sealed, and of these some to nobody in particular.
  if (at % 4 > 0) bytes.set([0x50, 0x54, 1, at % 2]);
  if (at % 4 === 3) bytes.fill(0, 28, 36);
  return bytes;
});

function say(udp: UdpSocket, { host, port }: Place, bytes: Buffer = Buffer.alloc(0)): void {
  udp.send(bytes, port, host, () => undefined);
}

/** A third of the connections says nothing, a third is garbage, a third looks like a caller's. */
function knock({ host, port }: Place, count: number): void {
  const socket: Socket =
    count % 3 === 0
      ? connectTls({ host, port, servername: strangeName(), rejectUnauthorized: false })
      : connect(port, host);
  socket.on("error", () => undefined);
  socket.resume();
  if (count % 3 === 1) socket.write(randomBytes(100));
  setTimeout(() => socket.destroy(), holdMs);
}

function strangeName(): string {
  return [8, 8, 16].map((length) => randomBytes(length).toString("hex")).join(".");
}
