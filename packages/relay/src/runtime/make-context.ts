import { randomBytes, randomInt } from "node:crypto";
import type { PeerId } from "@palmtree/wire";
import { Context, type PeerOptions, Random } from "../core/index.js";

/** What a machine of this process is made with. */
export function makeContext(id: PeerId, options: PeerOptions): Context {
  const drawToken = (): string => randomBytes(8).toString("hex");
  return new Context(id, options, new Random(randomInt(2 ** 32)), drawToken);
}
