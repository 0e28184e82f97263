import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { connect } from "node:tls";

/**
 * What a TLS client says first, to whom it names: made once, so that a stranger who says it
 * thousands of times takes little of the machine on which it is measured.
 */
export class Hello {
  readonly #bytes: Buffer;
  readonly #nameAt: number;

  private constructor(bytes: Buffer, nameAt: number) {
    this.#bytes = bytes;
    this.#nameAt = nameAt;
  }

  /** As Node's own TLS says it. */
  static async make(): Promise<Hello> {
    const name = strangeName();
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const client = connect({ host: "127.0.0.1", port, servername: name });
    client.on("error", () => undefined);
    try {
      const [near] = (await once(server, "connection")) as [Socket];
      const [bytes] = (await once(near, "data")) as [Buffer];
      near.destroy();
      return new Hello(bytes, bytes.indexOf(name));
    } finally {
      client.destroy();
      server.close();
    }
  }

  /** One that looks like a member's, with a token, a peer and a session that nobody has. */
  toNobody(): Buffer {
    const bytes = Buffer.from(this.#bytes);
    bytes.write(strangeName(), this.#nameAt, "latin1");
    return bytes;
  }
}

function strangeName(): string {
  return [8, 8, 16].map((length) => randomBytes(length).toString("hex")).join(".");
}
