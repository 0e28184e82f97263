import type { Address, Datagram } from "@palmtree/wire";
import { Draw } from "@palmtree/wire/fuzz";
import type { Random } from "../../src/core/random.js";
import type { NetworkPort } from "../../src/sim/network/attachment.js";
import type { NetworkConditions } from "../../src/sim/network/conditions.js";
import { Network } from "../../src/sim/network/network.js";
import type { Pipe, PipeEnd } from "../../src/sim/network/pipe.js";
import type { Timeline } from "../../src/sim/network/timeline.js";
import { Imp } from "./imp.js";
import type { Mischief } from "./mischief.js";
import { Overheard } from "./overheard.js";

/** Who is hostile, and how. All of them know what any of them hears. */
export interface Plot {
  readonly seed: number;
  readonly addresses: readonly Address[];
  readonly mischief: Mischief;
}

/** A network in which some hosts are heard saying other things than their machines do. */
export class HostileNetwork extends Network {
  /** Of all hosts. */
  readonly addresses: Address[] = [];
  readonly #imps = new Map<Address, Imp>();

  constructor(
    timeline: Timeline,
    random: Random,
    how: { readonly conditions: NetworkConditions; readonly plot: Plot },
  ) {
    super(timeline, random, how.conditions);
    const { seed, addresses, mischief } = how.plot;
    const heard = new Overheard();
    const draw = new Draw(seed);
    for (const address of addresses)
      this.#imps.set(address, new Imp(address, this, { draw, mischief, heard }));
  }

  override attach(address: Address, port: NetworkPort): void {
    this.addresses.push(address);
    super.attach(address, this.#imps.get(address)?.listening(port) ?? port);
  }

  override sendDatagram(from: Address, to: Address, datagram: Datagram): void {
    const imp = this.#imps.get(from);
    if (imp === undefined) this.deliver(from, to, datagram);
    else imp.sendDatagram(to, datagram);
  }

  /** Sends a datagram as it is. */
  deliver(from: Address, to: Address, datagram: Datagram): void {
    super.sendDatagram(from, to, datagram);
  }

  override connect(from: Address, to: Address, dialler: PipeEnd): Pipe {
    const imp = this.#imps.get(from);
    if (imp === undefined) return super.connect(from, to, dialler);
    // The pipe is not there before its end is: what the end hears comes later in any case.
    let end: PipeEnd | undefined;
    const pipe = super.connect(from, to, {
      onOpen: () => end?.onOpen(),
      onFrame: (frame) => end?.onFrame(frame),
      onSent: (frame) => end?.onSent(frame),
      onClose: () => end?.onClose(),
    });
    end = imp.onPipe({ pipe, end: "dialler" }, dialler);
    return pipe;
  }

  /** The host falls silent for good: nothing leaves it, nothing reaches it. */
  vanish(address: Address): void {
    this.attachment(address).setRates({ uplinkBytesPerSecond: 0, downlinkBytesPerSecond: 0 });
  }
}
