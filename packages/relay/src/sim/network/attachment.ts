import type { Address, Datagram } from "@palmtree/wire";
import type { LinkRates } from "./conditions.js";
import { Downlink } from "./downlink.js";
import type { Pipe, PipeEnd } from "./pipe.js";
import type { Timeline } from "./timeline.js";
import { Uplink } from "./uplink.js";

/** What a host is told by the network. */
export interface NetworkPort {
  onDatagram(from: Address, datagram: Datagram): void;
  /** Somebody connected; returns the host's own end. */
  onAccept(pipe: Pipe): PipeEnd;
}

/** Where a host is attached to the network: its address, its link, and who listens. */
export class Attachment {
  readonly address: Address;
  readonly uplink: Uplink;
  readonly downlink: Downlink;
  /** Undefined while nobody is there. */
  port: NetworkPort | undefined;

  constructor(address: Address, timeline: Timeline) {
    this.address = address;
    this.uplink = new Uplink(timeline);
    this.downlink = new Downlink(timeline);
  }

  /** Nothing comes through, one way or both, and nobody is told. */
  get isCut(): boolean {
    return this.uplink.isCut || this.downlink.isCut;
  }

  /** Change the rates that are named. */
  setRates({ uplinkBytesPerSecond, downlinkBytesPerSecond }: LinkRates): void {
    if (uplinkBytesPerSecond !== undefined)
      this.uplink.setRate(checkedRate(uplinkBytesPerSecond) / 1_000);
    if (downlinkBytesPerSecond !== undefined)
      this.downlink.setRate(checkedRate(downlinkBytesPerSecond) / 1_000);
  }
}

function checkedRate(bytesPerSecond: number): number {
  if (bytesPerSecond >= 0) return bytesPerSecond;
  throw new RangeError(`a link's rate: got ${bytesPerSecond}, expected 0 or more bytes per second`);
}
