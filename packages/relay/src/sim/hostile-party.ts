import type { Address } from "@palmtree/wire";
import type { Effect } from "../core/effect.js";
import type { PeerEvent } from "../core/event.js";
import type { Random } from "../core/random.js";
import type { Host } from "./host.js";
import type { NetworkConditions } from "./network/conditions.js";
import type { Network } from "./network/network.js";
import type { Timeline } from "./network/timeline.js";

/** Who is hostile in a simulation, and who watches over the others. */
export interface HostileParty {
  /** Makes the network, in which these hosts are heard saying other things than they do. */
  makeNetwork(timeline: Timeline, random: Random, conditions: NetworkConditions): Network;
  /** Whether the host with that address is one of them. */
  has(address: Address): boolean;
  /** A host's machine has handled an event. Throws when it should not have done what it did. */
  watch(host: Host, event: PeerEvent, effects: readonly Effect[]): void;
}
