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

/**
 * While the root waits for some, for `milliseconds` at most, the others stand still, and must not take
 * it for dead: a quarter of the session's time-out is all that they have to wait.
 */
export function patienceMs({ invite }: RootPlan, milliseconds: number): number {
  return Math.min(milliseconds, invite.timeoutMs / 4);
}
