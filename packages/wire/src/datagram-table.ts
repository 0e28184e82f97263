/**
 * Every control message, one row each: its number, who says it to whom, and its fields in the
 * order of the wire. docs/protocol.md, "Datagrams", says the same in prose; a test compares them.
 */
import type { ControlMessage } from "./control-message.js";
import {
  bytes,
  flag,
  hash,
  hexBytes,
  listOf,
  oneOf,
  peerInfo,
  peerNumber,
  publicKey,
  text,
  uint,
} from "./field.js";
import { wireLimits } from "./limits.js";
import { type MessageRows, MessageTable } from "./message-table.js";

const detail = text(wireLimits.detailBytes);
const pulse = uint(0, wireLimits.sequence);
const revision = uint(0, wireLimits.sequence);
const count = uint(0, wireLimits.sequence);

export const datagramRows: MessageRows<ControlMessage> = {
  invite: {
    code: 1,
    sender: "root",
    receiver: "peer",
    fields: {
      name: text(wireLimits.nameBytes),
      totalBytes: uint(0, wireLimits.integer),
      entryCount: uint(0, wireLimits.entryCount),
      chunkCount: uint(0, wireLimits.chunkCount),
      chunkSizeBytes: uint(wireLimits.chunkSizeBytesMin, wireLimits.chunkSizeBytesMax),
      isStream: flag,
      strategy: oneOf({ tree: 1, pipeline: 2 }),
      fanout: uint(1, wireLimits.fanout),
      timeoutMs: uint(1, wireLimits.timeoutMs),
      manifestBytes: uint(1, wireLimits.manifestBytes),
      manifestHash: hash,
      rootKey: publicKey,
      cookie: bytes(wireLimits.cookieBytes),
    },
  },
  join: { code: 2, sender: "peer", receiver: "root", fields: {} },
  decline: {
    code: 3,
    sender: "peer or root",
    receiver: "root, stranger or receiver",
    fields: {
      reason: oneOf({
        busy: 1,
        "no-space": 2,
        "not-writable": 3,
        "too-large": 4,
        unsupported: 5,
        refused: 6,
        leaving: 7,
      }),
      detail,
    },
  },
  neighbours: {
    code: 4,
    sender: "root",
    receiver: "peer",
    fields: {
      revision,
      number: peerNumber,
      peerCount: uint(1, wireLimits.peerCount),
      neighbours: listOf(peerInfo, wireLimits.neighbours),
    },
  },
  "neighbours-ack": { code: 5, sender: "peer", receiver: "root", fields: { revision } },
  "tree-check": {
    code: 6,
    sender: "attached peer",
    receiver: "neighbour",
    fields: { pulse, depth: uint(0, wireLimits.peerCount - 1) },
  },
  "tree-reject": {
    code: 7,
    sender: "neighbour",
    receiver: "peer that sent a tree check, or orphan",
    fields: {
      reason: oneOf({
        "not-a-neighbour": 1,
        "fanout-full": 2,
        "has-parent": 3,
        deciding: 4,
        "not-attached": 5,
        stale: 6,
        leaving: 7,
      }),
    },
  },
  "upgrade-request": {
    code: 8,
    sender: "new child or sink",
    receiver: "parent or source",
    fields: { link: oneOf({ tree: 1, sink: 2 }) },
  },
  "upgrade-accept": {
    code: 9,
    sender: "parent or source",
    receiver: "new child or sink",
    fields: { link: oneOf({ tree: 1, source: 2 }), token: hexBytes(8) },
  },
  "upgrade-reject": {
    code: 10,
    sender: "parent or source",
    receiver: "would-be child or sink",
    fields: {
      link: oneOf({ tree: 1, source: 2 }),
      reason: oneOf({ "fanout-full": 1, "not-a-neighbour": 2, busy: 3, leaving: 4 }),
    },
  },
  downgrade: {
    code: 11,
    sender: "either end of an active link",
    receiver: "other end",
    fields: {
      link: oneOf({ tree: 1, sink: 2, source: 3 }),
      reason: oneOf({ lost: 1, silent: 2, corrupt: 3, protocol: 4, replaced: 5, leaving: 6 }),
    },
  },
  orphan: {
    code: 12,
    sender: "peer without a parent",
    receiver: "neighbour",
    fields: { pulse },
  },
  refer: { code: 13, sender: "full peer", receiver: "orphan", fields: { peer: peerInfo } },
  introduce: { code: 14, sender: "neighbour", receiver: "neighbour", fields: { peer: peerInfo } },
  ping: { code: 15, sender: "parent", receiver: "child", fields: { pulse } },
  pong: { code: 16, sender: "child", receiver: "parent", fields: { pulse } },
  ended: { code: 17, sender: "root", receiver: "peer outside the tree", fields: {} },
  leave: {
    code: 18,
    sender: "peer that leaves",
    receiver: "neighbours and root",
    fields: { code: text(wireLimits.errorCodeBytes), detail },
  },
  plan: {
    code: 19,
    sender: "root",
    receiver: "receiver",
    fields: {
      revision,
      sources: listOf(peerNumber, wireLimits.stripes),
      peers: listOf(peerInfo, wireLimits.neighbours),
    },
  },
  "plan-ack": { code: 20, sender: "receiver", receiver: "root", fields: { revision } },
  probe: { code: 21, sender: "neighbour", receiver: "neighbour", fields: { count } },
  "probe-ack": { code: 22, sender: "neighbour", receiver: "neighbour", fields: { count } },
  trouble: {
    code: 23,
    sender: "receiver",
    receiver: "root",
    fields: {
      number: peerNumber,
      kind: oneOf({ silent: 1, slow: 2, withholding: 3 }),
      bytesPerSecond: uint(0, wireLimits.integer),
      offeredBytesPerSecond: uint(0, wireLimits.integer),
    },
  },
  knock: {
    code: 24,
    sender: "stranger",
    receiver: "root",
    fields: { padding: bytes(wireLimits.knockPaddingBytes) },
  },
  challenge: {
    code: 25,
    sender: "invited peer",
    receiver: "root",
    fields: { cookie: bytes(wireLimits.cookieBytes) },
  },
  blame: {
    code: 26,
    sender: "receiver",
    receiver: "root",
    fields: { number: peerNumber, code: text(wireLimits.errorCodeBytes), detail },
  },
  reparent: { code: 27, sender: "root", receiver: "receiver", fields: { parent: peerNumber } },
  standing: {
    code: 28,
    sender: "receiver",
    receiver: "root",
    fields: { chunksHeld: uint(0, wireLimits.chunkCount), isBusy: flag },
  },
};

export const datagramTable: MessageTable<ControlMessage> = new MessageTable(datagramRows);
