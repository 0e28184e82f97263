import { describe, expect, it } from "vitest";
import { ping } from "../peer.js";
import type { Stage } from "./stage.js";

/** Datagrams: whole or not at all, and nothing that fails loudly. */
export function describeDatagrams(stage: Stage): void {
  describe("datagrams", () => {
    it("arrive whole, both ways, with the address that answers them", async () => {
      stage.left.transport.send(stage.right.transport.address, ping(1));
      const first = await stage.right.datagrams.take();
      expect(first).toEqual({ from: stage.left.transport.address, datagram: ping(1) });
      stage.right.transport.send(first.from, ping(2));
      expect((await stage.left.datagrams.take()).datagram).toEqual(ping(2));
      expect(stage.left.transport.counters).toMatchObject({
        datagramsSent: 1,
        datagramsReceived: 1,
      });
    });

    it("to nobody are silent", async () => {
      stage.left.transport.send(await stage.world.vacantAddress(), ping(1));
      stage.left.transport.send(stage.right.transport.address, ping(2));
      expect((await stage.right.datagrams.take()).datagram).toEqual(ping(2));
    });

    it("after the end are counted, nothing more", async () => {
      await stage.left.transport.close();
      stage.left.transport.send(stage.right.transport.address, ping(1));
      expect(stage.left.transport.counters).toMatchObject({ datagramsSent: 0, datagramsUnsent: 1 });
    });

    it("to what is no address are the caller's mistake", () => {
      for (const address of ["localhost:4747", "127.0.0.1", "127.0.0.1:0", ""]) {
        expect(() => stage.left.transport.send(address, ping(1))).toThrow(
          expect.objectContaining({ code: "address-invalid" }),
        );
        expect(() => stage.left.dial(address)).toThrow(
          expect.objectContaining({ code: "address-invalid" }),
        );
      }
    });
  });
}
