import { encodeFrame, PalmTreeError, SlabPool } from "@palmtree/wire";
import { describe, expect, it } from "vitest";
import type { Pipe, PipeEvents } from "../../src/stream/pipe.js";
import { StreamConnection } from "../../src/stream/stream-connection.js";
import type { ConnectionHandlers } from "../../src/transport.js";
import { chunk, hello, turns } from "../peer.js";

/** A pipe whose events the test calls, and that writes down what it is asked for. */
class ScriptedPipe implements Pipe {
  readonly calls: string[] = [];
  readonly writes: { readonly sizes: readonly number[]; readonly done: () => void }[] = [];
  events: PipeEvents | undefined;

  write(pieces: readonly Uint8Array[], done: () => void): void {
    this.writes.push({ sizes: pieces.map(({ length }) => length), done });
  }

  pause(): void {
    this.calls.push("pause");
  }

  resume(): void {
    this.calls.push("resume");
  }

  hurry(): void {
    this.calls.push("hurry");
  }

  end(): void {
    this.calls.push("end");
  }

  release(): void {
    this.calls.push("release");
  }

  reset(): void {
    this.calls.push("reset");
  }
}

interface Scripted {
  readonly pipe: ScriptedPipe;
  readonly events: PipeEvents;
  readonly connection: StreamConnection;
  readonly told: string[];
}

function scripted(direction: "dialled" | "accepted", hasHandlers = true): Scripted {
  const pipe = new ScriptedPipe();
  const told: string[] = [];
  const handlers: ConnectionHandlers = {
    onOpen: () => told.push("open"),
    onFrame: ({ type }) => told.push(type),
    onClose: (error) => told.push(`close: ${error?.code ?? "in order"}`),
  };
  const connection = new StreamConnection(
    (events) => {
      pipe.events = events;
      return pipe;
    },
    {
      remote: "127.0.0.1:1",
      direction,
      allocate: (size) => new Uint8Array(size),
      pool: new SlabPool((size) => new Uint8Array(size)),
      maxFirstFrameBytes: 100,
      hooks: {
        onFirstFrame: () => told.push("first frame"),
        onMalformed: ({ code }) => told.push(`malformed: ${code}`),
        onOver: () => told.push("over"),
      },
    },
    hasHandlers ? handlers : undefined,
  );
  if (pipe.events === undefined) throw new Error("the connection has opened no pipe");
  return { pipe, events: pipe.events, connection, told };
}

const lost = new PalmTreeError("link-lost", "lost");
const late = new PalmTreeError("timed-out", "late");
const alive = encodeFrame({ type: "alive" }).head;

describe("a connection over any pipe", () => {
  it("writes what one turn sent in one write, small pieces joined", async () => {
    const { connection, pipe } = scripted("accepted");
    const aliveBytes = alive.length;
    connection.send({ type: "alive" });
    connection.send({ type: "alive" });
    connection.send(chunk(1, 10_000));
    connection.send(chunk(1, 100));
    connection.send({ type: "alive" });
    expect(pipe.writes).toEqual([]);
    await turns(1);
    const headBytes = encodeFrame(chunk(1, 100)).head.length;
    expect(pipe.writes.map(({ sizes }) => sizes)).toEqual([
      [2 * aliveBytes + headBytes, 10_000, headBytes + 100 + aliveBytes],
    ]);
  });

  it("writes about 256 KiB at once, and one write after the other", async () => {
    const { connection, pipe } = scripted("accepted");
    const sent: number[] = [];
    for (let index = 0; index < 10; index += 1) {
      connection.send(chunk(index), () => sent.push(index));
    }
    await turns(1);
    expect(pipe.writes).toHaveLength(1);
    pipe.writes[0]?.done();
    expect(sent).toEqual([0, 1, 2, 3]);
    expect(pipe.writes).toHaveLength(2);
    pipe.writes[1]?.done();
    pipe.writes[2]?.done();
    expect(sent).toHaveLength(10);
    expect(connection.queuedBytes).toBe(0);
  });

  it("writes nothing before it is open", async () => {
    const { connection, pipe, events } = scripted("dialled");
    connection.send({ type: "alive" });
    await turns(1);
    expect(pipe.writes).toEqual([]);
    events.onOpen();
    expect(pipe.writes).toHaveLength(1);
  });

  it("says nothing more of writes and bytes once it is destroyed", async () => {
    const { connection, pipe, events, told } = scripted("accepted");
    connection.send({ type: "alive" }, () => told.push("sent"));
    await turns(1);
    connection.destroy();
    pipe.writes[0]?.done();
    events.onBytes(alive);
    events.onClosed(undefined);
    expect(told).toEqual(["over", "close: in order"]);
    expect(pipe.calls).toEqual(["reset"]);
  });

  it("stops in the middle of a write's reports when one of them destroys it", async () => {
    const { connection, pipe, told } = scripted("accepted");
    connection.send({ type: "alive" }, () => connection.destroy());
    connection.send({ type: "alive" }, () => told.push("sent"));
    await turns(1);
    pipe.writes[0]?.done();
    expect(told).toEqual([]);
  });

  it("keeps to its owner's end when a reason for another comes later", async () => {
    const { connection, events, told } = scripted("accepted");
    connection.destroy();
    connection.fail(late);
    events.onClosed(lost);
    connection.fail(late);
    await turns(1);
    expect(told).toEqual(["over", "close: in order"]);
  });

  it("reports the reason of a failure, not what it did to the pipe", () => {
    const { connection, events, told } = scripted("accepted");
    connection.fail(late);
    events.onClosed(lost);
    expect(told).toEqual(["over", "close: timed-out"]);
  });

  it("reports a pipe that is lost, also while closing", () => {
    for (const closes of [false, true]) {
      const { connection, events, told } = scripted("accepted");
      if (closes) connection.close();
      events.onClosed(lost);
      expect(told).toEqual(["over", "close: link-lost"]);
    }
  });

  it("does not mind what becomes of the pipe after the neighbour's end", () => {
    const { pipe, events, told } = scripted("accepted");
    events.onEnd();
    events.onClosed(lost);
    expect(pipe.calls).toEqual(["release"]);
    expect(told).toEqual(["over", "close: in order"]);
  });

  it("sends nothing to a neighbour that has ended", async () => {
    const { connection, pipe, events } = scripted("accepted");
    connection.send({ type: "alive" });
    events.onEnd();
    connection.send({ type: "alive" });
    await turns(1);
    expect([pipe.writes.length, connection.queuedBytes]).toEqual([0, 0]);
  });

  it("takes the first frame within its limit, whatever else comes in the same read", () => {
    const first = encodeFrame(hello).head;
    const { events, told } = scripted("accepted");
    events.onBytes(Buffer.concat([first, ...Array.from({ length: 50 }, () => alive)]));
    expect(told.slice(0, 3)).toEqual(["hello", "alive", "alive"]);
    expect(told.filter((call) => call === "alive")).toHaveLength(50);
    expect(told.filter((call) => call === "first frame")).toHaveLength(1);
  });

  it("refuses a first frame that is not whole within the limit", () => {
    const { head, payload } = encodeFrame(chunk(1, 100));
    const bytes = Buffer.concat([head, payload ?? new Uint8Array()]);
    for (const size of [1, 50, bytes.length]) {
      const { events, told, pipe } = scripted("accepted");
      for (let at = 0; at < bytes.length; at += size) events.onBytes(bytes.subarray(at, at + size));
      expect(told).toEqual(["malformed: protocol-violation"]);
      expect(pipe.calls).toEqual(["reset"]);
    }
  });

  it("tells of malformed bytes only while it is not destroyed", () => {
    const { connection, events, told } = scripted("accepted");
    connection.setHandlers({
      onFrame: () => connection.destroy(),
      onClose: () => told.push("close"),
    });
    events.onBytes(Buffer.concat([alive, new Uint8Array(20).fill(255)]));
    events.onClosed(undefined);
    expect(told).toEqual(["over", "close"]);
  });

  it("is read only once it has handlers, and closed without", async () => {
    const { connection, pipe, events, told } = scripted("accepted", false);
    await turns(1);
    expect(pipe.calls).toEqual([]);
    connection.close();
    expect(pipe.calls).toEqual(["resume", "hurry", "end"]);
    events.onEnd();
    events.onClosed(undefined);
    expect(told).toEqual(["over"]);
    connection.setHandlers({ onFrame: () => undefined, onClose: () => told.push("close") });
    await turns(1);
    expect(told).toEqual(["over", "close"]);
  });

  it("reports the end in a later turn to one who stops waiting for its frames", async () => {
    const { connection, events, told } = scripted("accepted");
    connection.pause();
    events.onBytes(encodeFrame(hello).head);
    events.onEnd();
    events.onClosed(undefined);
    connection.destroy();
    expect(told).toEqual(["first frame", "over"]);
    await turns(1);
    expect(told).toEqual(["first frame", "over", "close: in order"]);
  });

  it("hurries a close that begins before it is open", () => {
    const { connection, pipe, events, told } = scripted("dialled");
    connection.send({ type: "alive" });
    connection.close();
    events.onOpen();
    expect(pipe.calls).toEqual(["resume", "hurry", "hurry"]);
    pipe.writes[0]?.done();
    expect(pipe.calls.at(-1)).toBe("end");
    expect(told).toEqual([]);
  });
});
