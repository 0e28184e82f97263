import { readdirSync, readlinkSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { onLinux } from "../platform.js";
import { lastOf, Place } from "./place.js";

let place: Place;

beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.clear());

/** Keeps so many connections open to a port, and opens another for each that is closed. */
class Flood implements Disposable {
  opened = 0;
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  #isOver = false;

  constructor(port: number, count: number) {
    this.#port = port;
    for (let index = 0; index < count; index += 1) this.#open();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #open(): void {
    if (this.#isOver) return;
    const socket = connect(this.#port, "127.0.0.1");
    this.opened += 1;
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      setTimeout(() => this.#open(), 200); // as fast as one may, and leave the test some of the CPU
    });
  }
}

/** The most sockets that a process had at once, of its own and of others' making. */
class SocketCount implements Disposable {
  most = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number | undefined) {
    this.#timer = setInterval(() => {
      this.most = Math.max(this.most, countSockets(`/proc/${pid}/fd`));
    }, 50);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

function countSockets(folder: string): number {
  try {
    const links = readdirSync(folder).map((name) => linkAt(`${folder}/${name}`));
    return links.filter((link) => link.startsWith("socket:")).length;
  } catch {
    return 0; // it has ended
  }
}

function linkAt(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // it was just closed
  }
}

/** Too few for 64 files, 32 strangers and the 25 that a process needs for itself. */
const openFiles = 96;

test.skipIf(!onLinux)(
  "a flood of connections takes no descriptors from a transfer that runs",
  async () => {
    const files = Array.from(
      { length: 500 },
      (_, index) => [`out/d/file-${index}`, 20_000] as const,
    );
    await place.write({ ...Object.fromEntries(files), "out/d/large": 8 * 2 ** 20 });
    const options = ["--dir", "in-1", "--listen", "127.0.0.1:0", "--json", "--insecure", "--once"];
    const few = place.start(["receive", ...options], { openFiles });
    const { port } = await few.event("listening");
    const other = await place.receive("in-2", "--once");
    const sending = place.send(["out/d"], [`127.0.0.1:${port}`, other]);
    await few.event("started");
    using sockets = new SocketCount(few.process.pid);
    using flood = new Flood(port, 200);
    const sent = await sending.ended;
    expect(lastOf(sent)).toMatchObject({ type: "result", status: "complete" });
    expect(lastOf(await few.ended)).toMatchObject({ type: "result", status: "complete" });
    expect(await place.contentOf("in-1")).toEqual(await place.contentOf("out"));
    expect(flood.opened).toBeGreaterThan(200);
    // 32 of strangers, and two handfuls: the program's own, its neighbour's, some that are just refused.
    expect(sockets.most).toBeGreaterThan(30);
    expect(sockets.most).toBeLessThan(55);
  },
  60_000,
);
