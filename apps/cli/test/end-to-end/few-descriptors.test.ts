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

test.skipIf(!onLinux)(
  "a flood of connections takes no descriptors from a transfer that runs",
  async () => {
    const files = Array.from(
      { length: 500 },
      (_, index) => [`out/d/file-${index}`, 20_000] as const,
    );
    await place.write({ ...Object.fromEntries(files), "out/d/large": 8 * 2 ** 20 });
    const options = ["--dir", "in-1", "--listen", "127.0.0.1:0", "--json", "--insecure", "--once"];
    const few = place.start(["receive", ...options], { openFiles: 128 });
    const { port } = await few.event("listening");
    const other = await place.receive("in-2", "--once");
    const sending = place.send(["out/d"], [`127.0.0.1:${port}`, other]);
    await few.event("started");
    using flood = new Flood(port, 200);
    const sent = await sending.ended;
    expect(lastOf(sent)).toMatchObject({ type: "result", status: "complete" });
    expect(lastOf(await few.ended)).toMatchObject({ type: "result", status: "complete" });
    expect(await place.contentOf("in-1")).toEqual(await place.contentOf("out"));
    expect(flood.opened).toBeGreaterThan(200);
  },
  60_000,
);
