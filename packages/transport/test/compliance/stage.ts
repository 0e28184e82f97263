import { it } from "vitest";
import { join, Peer, type Side, type World } from "../peer.js";

/** What the tests of one transport play on: a world, and two peers that are new for each test. */
export class Stage {
  readonly world: World;
  #peers: readonly [Peer, Peer] | undefined;

  constructor(world: World) {
    this.world = world;
  }

  get left(): Peer {
    return this.#both()[0];
  }

  get right(): Peer {
    return this.#both()[1];
  }

  async open(): Promise<void> {
    this.#peers = [await Peer.open(this.world), await Peer.open(this.world)];
  }

  async close(): Promise<void> {
    await Promise.all(this.#both().map(({ transport }) => transport.close()));
  }

  /** Give a payload back to both: the one that did not receive it does not mind. */
  release(payload: Uint8Array): void {
    for (const { transport } of this.#both()) transport.release(payload);
  }

  /** The same promise for what a dialled connection sends and for what an accepted one sends. */
  bothWays(promise: string, test: (from: Side, to: Side) => Promise<void>): void {
    for (const direction of ["dialled to accepted", "accepted to dialled"] as const) {
      it(`${promise} (${direction})`, async () => {
        const { dialled, accepted } = await join(this.left, this.right);
        if (direction === "dialled to accepted") await test(dialled, accepted);
        else await test(accepted, dialled);
      });
    }
  }

  /** What one end sees when the other, which is this one, cuts the connection. */
  endCutBy({ connection }: Side): string {
    const canReset = connection.direction === "accepted" || this.world.canDiallerReset;
    return canReset ? "link-lost" : "in order";
  }

  /**
   * What a dialler may see when it is cut off at once. In the middle of a handshake the error may
   * meet what TLS writes by itself, and reading then finds an end.
   */
  get endsOfStranger(): readonly string[] {
    return this.world.canDiallerReset ? ["link-lost"] : ["link-lost", "in order"];
  }

  #both(): readonly [Peer, Peer] {
    if (this.#peers === undefined) throw new Error("not open yet");
    return this.#peers;
  }
}
