export { Context, type Fact } from "./context.js";
export type { Effect } from "./effect.js";
export type { ChunkSizes, ConnectionId, PeerEvent } from "./event.js";
export { type Invitation, Member } from "./member.js";
export { defaultPeerOptions, type PeerOptions } from "./options.js";
export { Random } from "./random.js";
export { type Phase, Root, type RootPlan } from "./root.js";
export type { PeerResult, Step } from "./step.js";
export { pageChunks } from "./transfer/hash-pages.js";
