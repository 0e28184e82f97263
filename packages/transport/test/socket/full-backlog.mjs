// Listens, tells the port, and then stands still: the system's queue of connections fills up.
import { createServer } from "node:net";

const server = createServer().listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
  process.send(server.address().port, () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
});
