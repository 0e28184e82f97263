import { randomBytes, randomInt } from "node:crypto";
import type { PeerId, SessionId } from "@palmtree/wire";
import { Context, type PeerOptions, Random } from "../core/index.js";

/** A new session's id: 16 unpredictable bytes. */
export function drawSessionId(): SessionId {
  return randomBytes(16).toString("hex");
}

/** A peer's id in one session: 8 unpredictable bytes. */
export function drawPeerId(): PeerId {
  return randomBytes(8).toString("hex");
}

/** What a machine of this process is made with. */
export function makeContext(id: PeerId, options: PeerOptions): Context {
  const drawToken = (): string => randomBytes(8).toString("hex");
  return new Context(id, options, new Random(randomInt(2 ** 32)), drawToken);
}
