export type { NamedStream } from "@palmtree/files";
export type { PlanKind } from "@palmtree/topology";
export { GroupKey, type GroupKeys } from "@palmtree/transport";
export type { LinkMetrics, Strategy } from "@palmtree/wire";
export type { PeerOptions, PeerResult, PullPolicyName, Step } from "./core/index.js";
export { defaultPeerOptions, pullPolicyNames } from "./core/index.js";
export { defaultPort } from "./runtime/default-port.js";
export type { JoinOptions } from "./runtime/receive/asking.js";
export type { ReceivedChunk, ReceivedPart } from "./runtime/receive/chunk-feed.js";
export type { FileItem, FileItems } from "./runtime/receive/file-items.js";
export { FilesReceiver, type ReceiveResult } from "./runtime/receive/files-receiver.js";
export { PalmTreeRelay, type RelayCounters } from "./runtime/receive/palm-tree-relay.js";
export {
  defaultRelayOptions,
  type Refusal,
  type RelayOptions,
} from "./runtime/receive/relay-options.js";
export type { Efficiency } from "./runtime/send/efficiency-meter.js";
export { FilesSender } from "./runtime/send/files-sender.js";
export {
  defaultSenderOptions,
  type FilesSenderOptions,
  planKinds,
} from "./runtime/send/sender-options.js";
export type {
  Accused,
  EfficiencyStep,
  ListeningStep,
  ResultStep,
  ScannedStep,
  SenderStep,
  SendPeerResult,
  TreePlace,
} from "./runtime/send/sender-step.js";
export type { OpenTransport } from "./runtime/switchboard.js";
