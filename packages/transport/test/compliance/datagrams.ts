import { nobody } from "@palmtree/wire";
import { describe, expect, it } from "vitest";
import { ping } from "../peer.js";
import type { Stage } from "./stage.js";

/** Datagrams: whole or not at all, and nothing that fails loudly. */
export function describeDatagrams(stage: Stage): void {
  describe("datagrams", () => {
    it("arrive whole, both ways, with the address that answers them", async () => {
      const { left, right } = stage;
      const question = ping(1, left.transport, right.transport);
      const answer = ping(2, right.transport, left.transport);
      left.transport.send(right.transport.address, question);
      const first = await right.datagrams.take();
      expect(first).toEqual({ from: left.transport.address, datagram: question });
      right.transport.send(first.from, answer);
      expect((await left.datagrams.take()).datagram).toEqual(answer);
      expect(stage.left.transport.counters).toMatchObject({
        datagramsSent: 1,
        datagramsReceived: 1,
      });
    });

    it("to nobody are silent", async () => {
      const { left, right } = stage;
      const [lost, heard] = [1, 2].map((pulse) => ping(pulse, left.transport, right.transport));
      left.transport.send(await stage.world.vacantAddress(), lost!);
      left.transport.send(right.transport.address, heard!);
      expect((await right.datagrams.take()).datagram).toEqual(heard);
    });

    it("after the end are counted, nothing more", async () => {
      await stage.left.transport.close();
      const { left, right } = stage;
      left.transport.send(right.transport.address, ping(1, left.transport, right.transport));
      expect(stage.left.transport.counters).toMatchObject({ datagramsSent: 0, datagramsUnsent: 1 });
    });

    it("for another peer than is there are not heard", async () => {
      const { left, right } = stage;
      const { address } = right.transport;
      left.transport.send(address, ping(1, left.transport, left.transport));
      left.transport.send(address, {
        ...ping(2, left.transport, right.transport),
        receiver: nobody,
      });
      const heard = ping(3, left.transport, right.transport);
      left.transport.send(address, heard);
      expect((await right.datagrams.take()).datagram).toEqual(heard);
      expect(right.transport.counters).toMatchObject({ datagramsReceived: 1, datagramsForeign: 2 });
    });

    it("to what is no address are the caller's mistake", () => {
      for (const address of ["localhost:4747", "127.0.0.1", "127.0.0.1:0", ""]) {
        const { transport } = stage.left;
        expect(() => transport.send(address, ping(1, transport, transport))).toThrow(
          expect.objectContaining({ code: "address-invalid" }),
        );
        expect(() => stage.left.dial(address)).toThrow(
          expect.objectContaining({ code: "address-invalid" }),
        );
      }
    });
  });
}
