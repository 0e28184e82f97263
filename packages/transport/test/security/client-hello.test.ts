import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { connect } from "node:tls";
import { describe, expect, it } from "vitest";
import { mostHelloBytes, readClientHello } from "../../src/security/client-hello.js";

/** What Node's own TLS says first. */
async function helloOf(servername: string | undefined): Promise<Buffer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: "127.0.0.1", ...(servername ? { servername } : {}) });
  socket.on("error", () => undefined);
  const [near] = await once(server, "connection");
  const [bytes] = await once(near, "data");
  for (const each of [socket, near, server]) each.destroy?.();
  server.close();
  return bytes as Buffer;
}

const name = "0001020304050607.0123456789abcdef.000102030405060708090a0b0c0d0e0f";

describe("whom a TLS client wants", () => {
  it("is read from what it says first", async () => {
    expect(readClientHello(await helloOf(name))).toEqual({ serverName: name });
    expect(readClientHello(await helloOf(undefined))).toEqual({});
  });

  it("is not known before all of that is there, however little is missing", async () => {
    const hello = await helloOf(name);
    for (let length = 0; length < hello.length; length += 1)
      expect(readClientHello(hello.subarray(0, length)), `${length}`).toBeUndefined();
    const more = Buffer.concat([hello, Buffer.alloc(100, 1)]);
    expect(readClientHello(more)).toEqual({ serverName: name });
  });

  it("is nobody where it is cut short inside, whatever its lengths say", async () => {
    const hello = await helloOf(name);
    for (let at = 5; at < hello.length; at += 1) {
      const cut = Buffer.from(hello.subarray(0, at));
      cut.writeUInt16BE(at - 5, 3);
      expect(readClientHello(cut), `${at}`).toEqual({});
    }
  });

  it("is never anything but a name or nobody, whichever byte is another", async () => {
    const hello = await helloOf(name);
    for (let at = 0; at < hello.length; at += 1)
      for (const byte of [0, 1, 127, 255]) {
        const changed = Buffer.from(hello);
        changed[at] = byte;
        const found = readClientHello(changed);
        const isText = found?.serverName === undefined || found.serverName.length <= hello.length;
        expect(isText, `byte ${at}`).toBe(true);
      }
  });

  it("is not waited for: what speaks no TLS, or says too much, wants nobody", () => {
    expect(readClientHello(Buffer.from("GET"))).toEqual({});
    const long = Buffer.alloc(5);
    long.set([22, 3, 1]);
    long.writeUInt16BE(mostHelloBytes - 4, 3);
    expect(readClientHello(long)).toEqual({});
    long.writeUInt16BE(mostHelloBytes - 5, 3);
    expect(readClientHello(long)).toBeUndefined();
  });
});
