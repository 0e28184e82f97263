export type { Call } from "./security/call.js";
export type { Certificate } from "./security/certificate.js";
export { GroupKey, groupKeyBytes } from "./security/group-key.js";
export { Identity, peerIdOf, sessionIdOf } from "./security/identity.js";
export { isSignedBy, SigningKey } from "./security/signing-key.js";
export { openTransport } from "./socket/open-transport.js";
export {
  defaultTransportOptions,
  type GroupKeys,
  type OpenTransportOptions,
  type TransportOptions,
} from "./socket/options.js";
export type {
  Connection,
  ConnectionDirection,
  ConnectionHandlers,
  Transport,
  TransportCounters,
  TransportHandlers,
} from "./transport.js";
