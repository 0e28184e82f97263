import { createReadStream, createWriteStream } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { pipeline } from "node:stream/promises";

/**
 * The baseline: one file over one TCP connection, with Node's own streams, and nothing else: no
 * hash, no staging, no rename. Two processes, as `palmtree send` and `palmtree receive` are.
 */
export type PlainCopy =
  | { readonly type: "receive"; readonly file: string }
  | { readonly type: "send"; readonly file: string; readonly port: number };

/** What makes the lab one end of a plain copy. */
export const plainCopyCommand = "plain-copy";

/** What is written and read at once: what Node's TCP is fastest with. */
const highWaterMark = 256 * 1024;

export function plainCopyArguments(copy: PlainCopy): string[] {
  const port = copy.type === "send" ? [String(copy.port)] : [];
  return [plainCopyCommand, copy.type, copy.file, ...port];
}

/** @param args - as `plainCopyArguments` made them, without the first */
export async function runPlainCopy([type, file = "", port]: readonly string[]): Promise<void> {
  if (type === "send") await send(file, Number(port));
  else await receive(file);
}

/** Ends when the receiver says that it has everything. */
async function send(file: string, port: number): Promise<void> {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  const ended = new Promise((resolve) => socket.once("end", resolve));
  await pipeline(createReadStream(file, { highWaterMark }), socket, { end: false });
  socket.end();
  socket.resume();
  await ended;
}

async function receive(file: string): Promise<void> {
  const server = createServer({ allowHalfOpen: true });
  const connected = new Promise<Socket>((resolve) => server.once("connection", resolve));
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as { readonly port: number };
    console.log(JSON.stringify({ type: "listening", port }));
  });
  const socket = await connected;
  server.close();
  await pipeline(socket, createWriteStream(file, { highWaterMark }));
  socket.end();
}
