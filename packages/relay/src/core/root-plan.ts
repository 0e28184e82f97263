import type { PlanKind } from "@palmtree/topology";
import type { Address, Invite, SessionId } from "@palmtree/wire";
import type { ChunkSizes } from "./event.js";

/** What the root sends, and to whom. */
export interface RootPlan {
  readonly session: SessionId;
  /** Where the root is reached; its neighbours are told. */
  readonly address: Address;
  readonly invite: Invite;
  readonly manifest: Uint8Array;
  readonly sizes: ChunkSizes;
  /** The peers to invite, each once. */
  readonly addresses: readonly Address[];
  /** Strategy pipeline: how chunks travel. Default: whichever is fastest for so many peers. */
  readonly planKind?: PlanKind | undefined;
}
