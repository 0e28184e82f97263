import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** Somebody on the way between a root and one receiver, who keeps everything and may say it again. */
export class Wiretap {
  /** Every datagram to the receiver. */
  readonly datagrams: Buffer[] = [];
  /** What the receiver said on each connection that it dialled. */
  readonly streams: Buffer[][] = [];
  /** What the receiver answers, once it is asked by the tap itself. */
  readonly answers: Buffer[] = [];
  /** How often each datagram is delivered. */
  deliveries = 1;
  readonly #udp: UdpSocket;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #receiverPort: number;
  #rootPort: number | undefined;

  private constructor(udp: UdpSocket, server: Server, receiverPort: number) {
    this.#udp = udp;
    this.#server = server;
    this.#receiverPort = receiverPort;
    udp.on("message", (bytes, { port }) => this.#onDatagram(bytes, port));
    server.on("connection", (socket) => this.#onConnection(socket));
  }

  /** @param receiver - `127.0.0.1:port` */
  static async open(receiver: string): Promise<Wiretap> {
    for (;;) {
      const udp = createSocket("udp4").bind(0, "127.0.0.1");
      await once(udp, "listening");
      const server = createServer();
      server.listen(udp.address().port, "127.0.0.1");
      const [taken] = await Promise.race([once(server, "listening"), once(server, "error")]);
      if (taken === undefined) return new Wiretap(udp, server, Number(receiver.split(":")[1]));
      udp.close();
    }
  }

  /** Where the root has to look for the receiver. */
  get address(): string {
    return `127.0.0.1:${this.#udp.address().port}`;
  }

  /** Says everything again to somebody, from where it was said; resolves when it has all been read. */
  async replay(receiver: string): Promise<void> {
    const port = Number(receiver.split(":")[1]);
    this.#rootPort = -1;
    for (const bytes of this.datagrams) {
      this.#udp.send(bytes, port, "127.0.0.1");
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const stream of this.streams) {
      const socket = connect({ host: "127.0.0.1", port });
      socket.on("error", () => undefined);
      socket.resume();
      socket.end(Buffer.concat(stream));
      await once(socket, "close");
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#udp.close();
    this.#server.close();
    await once(this.#server, "close");
  }

  #onDatagram(bytes: Buffer, from: number): void {
    if (this.#rootPort === -1) {
      this.answers.push(bytes);
    } else if (from === this.#receiverPort) {
      if (this.#rootPort !== undefined) this.#pass(bytes, this.#rootPort);
    } else {
      this.#rootPort = from;
      this.datagrams.push(bytes);
      this.#pass(bytes, this.#receiverPort);
    }
  }

  #pass(bytes: Buffer, port: number): void {
    for (let count = 0; count < this.deliveries; count += 1)
      this.#udp.send(bytes, port, "127.0.0.1");
  }

  #onConnection(near: Socket): void {
    const far = connect({ host: "127.0.0.1", port: this.#rootPort ?? 0 });
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
