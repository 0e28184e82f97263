import type { Knock } from "./control-message.js";
import type { SessionId } from "./identity.js";
import { wireLimits } from "./limits.js";

/** What a knock names that asks for whatever session there is; no session has this id. */
export const anySession: SessionId = "0".repeat(32);

/** The question of a stranger that wants to take part. */
export function makeKnock(): Knock {
  return { type: "knock", padding: new Uint8Array(wireLimits.knockPaddingBytes) };
}
