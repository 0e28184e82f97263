import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * Somebody on the way between one peer, the host, and another that does not know better than that the
 * host is here; keeps everything, and may say it again.
 */
export class Wiretap {
  /** Every datagram to the host. */
  readonly datagrams: Buffer[] = [];
  /** What was said on each connection by the receiver, who dialled. */
  readonly streams: Buffer[][] = [];
  /** What is answered, once it is the tap itself that speaks. */
  readonly answers: Buffer[] = [];
  /** How often each datagram is delivered. */
  deliveries = 1;
  readonly #udp: UdpSocket;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #host: Host;
  /** Of who is not the host, once it has spoken; -1 when that is the tap itself. */
  #otherPort: number | undefined;

  private constructor(udp: UdpSocket, server: Server, host: Host) {
    this.#udp = udp;
    this.#server = server;
    this.#host = host;
    udp.on("message", (bytes, { port }) => this.#onDatagram(bytes, port));
    server.on("connection", (socket) => this.#onConnection(socket));
  }

  /** @param address - the host's: `127.0.0.1:port` */
  static async open(address: string, role: Host["role"] = "receiver"): Promise<Wiretap> {
    for (;;) {
      const udp = createSocket("udp4").bind(0, "127.0.0.1");
      await once(udp, "listening");
      const server = createServer();
      server.listen(udp.address().port, "127.0.0.1");
      const [taken] = await Promise.race([once(server, "listening"), once(server, "error")]);
      if (taken === undefined) return new Wiretap(udp, server, { port: portOf(address), role });
      udp.close();
    }
  }

  /** Where the other has to look for the host. */
  get address(): string {
    return `127.0.0.1:${this.#udp.address().port}`;
  }

  /** Says everything again to somebody, from where it was said; resolves when it has all been read. */
  async replay(address: string): Promise<void> {
    this.#otherPort = -1;
    await this.#sayAgain(this.#udp, portOf(address));
  }

  /** The same from somewhere else, while those between whom it stands go on. */
  async replayAside(address: string): Promise<void> {
    const aside = createSocket("udp4").bind(0, "127.0.0.1");
    aside.on("message", (bytes) => this.answers.push(bytes));
    await once(aside, "listening");
    await this.#sayAgain(aside, portOf(address));
    aside.close();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#udp.close();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #sayAgain(udp: UdpSocket, port: number): Promise<void> {
    for (const bytes of [...this.datagrams]) {
      udp.send(bytes, port, "127.0.0.1");
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const stream of [...this.streams]) {
      const socket = connect({ host: "127.0.0.1", port });
      socket.on("error", () => undefined);
      socket.resume();
      socket.end(Buffer.concat(stream));
      await once(socket, "close");
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  #onDatagram(bytes: Buffer, from: number): void {
    if (this.#otherPort === -1) {
      this.answers.push(bytes);
    } else if (from === this.#host.port) {
      if (this.#otherPort !== undefined) this.#pass(bytes, this.#otherPort);
    } else {
      this.#otherPort = from;
      this.datagrams.push(bytes);
      this.#pass(bytes, this.#host.port);
    }
  }

  #pass(bytes: Buffer, port: number): void {
    for (let count = 0; count < this.deliveries; count += 1)
      this.#udp.send(bytes, port, "127.0.0.1");
  }

  #onConnection(near: Socket): void {
    const port = this.#host.role === "root" ? this.#host.port : (this.#otherPort ?? 0);
    const far = connect({ host: "127.0.0.1", port });
    const said: Buffer[] = [];
    this.streams.push(said);
    near.on("data", (bytes: Buffer) => said.push(bytes));
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
  }
}

/** The peer before which a tap stands. */
interface Host {
  readonly port: number;
  readonly role: "root" | "receiver";
}

function portOf(address: string): number {
  return Number(address.split(":")[1]);
}
