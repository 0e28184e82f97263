/**
 * Every frame, one row each: its number, who sends it to whom, the fields of its body in the order
 * of the wire, and its payload. docs/protocol.md, "Frames", says the same in prose; a test
 * compares them.
 */
import {
  flag,
  flatListOf,
  hash,
  hexBytes,
  listOf,
  oneOf,
  peerNumber,
  publicKey,
  signature,
  text,
  uint,
} from "./field.js";
import type { Frame } from "./frame.js";
import { hashBytes, wireLimits } from "./limits.js";
import { type MessageRows, MessageTable } from "./message-table.js";

const number = peerNumber;
const chunkIndex = uint(0, wireLimits.chunkCount - 1);
const bitmap = { minBytes: 0, maxBytes: wireLimits.bitmapBytes, unitBytes: 1 };

const runs = flatListOf(
  { first: chunkIndex, count: uint(1, wireLimits.chunkCount) },
  wireLimits.runs,
);

export const frameRows: MessageRows<Frame> = {
  hello: {
    code: 1,
    sender: "child or sink",
    receiver: "parent or source",
    fields: {
      session: hexBytes(16),
      peer: hexBytes(8),
      number,
      link: oneOf({ tree: 1, sink: 2 }),
      token: hexBytes(8),
      hasManifest: flag,
    },
  },
  welcome: {
    code: 2,
    sender: "parent or source",
    receiver: "child or sink",
    fields: { peer: hexBytes(8) },
  },
  manifest: {
    code: 3,
    sender: "parent",
    receiver: "child",
    fields: { offset: uint(0, wireLimits.manifestBytes - 1) },
    payload: { minBytes: 1, maxBytes: wireLimits.manifestPartBytes, unitBytes: 1 },
  },
  hashes: {
    code: 4,
    sender: "source",
    receiver: "sink",
    fields: { firstChunk: chunkIndex, signature },
    payload: {
      minBytes: hashBytes,
      maxBytes: hashBytes * wireLimits.hashesPerPage,
      unitBytes: hashBytes,
    },
  },
  chunk: {
    code: 5,
    sender: "source",
    receiver: "sink",
    fields: { index: chunkIndex },
    payload: { minBytes: 1, maxBytes: wireLimits.chunkSizeBytesMax, unitBytes: 1 },
  },
  seal: {
    code: 6,
    sender: "parent",
    receiver: "child",
    fields: { sessionHash: hash, totalBytes: uint(0, wireLimits.integer), signature },
  },
  holds: {
    code: 7,
    sender: "sink",
    receiver: "source",
    fields: {
      stripeCount: uint(1, wireLimits.stripes),
      stripes: listOf(uint(0, wireLimits.stripes - 1), wireLimits.stripes),
    },
    payload: bitmap,
  },
  want: { code: 8, sender: "sink", receiver: "source", fields: { runs } },
  refuse: {
    code: 9,
    sender: "source",
    receiver: "sink",
    fields: {
      index: chunkIndex,
      reason: oneOf({ "not-held": 1, unreadable: 2, leaving: 3, busy: 4 }),
    },
  },
  subtree: {
    code: 10,
    sender: "child",
    receiver: "parent",
    fields: { size: uint(1, wireLimits.peerCount) },
  },
  progress: {
    code: 11,
    sender: "child",
    receiver: "parent",
    fields: {
      entries: flatListOf(
        { number, parent: number, chunksHeld: uint(0, wireLimits.chunkCount) },
        wireLimits.progressEntries,
      ),
    },
  },
  report: {
    code: 12,
    sender: "child",
    receiver: "parent",
    fields: {
      number,
      status: oneOf({ complete: 1, failed: 2 }),
      bytes: uint(0, wireLimits.integer),
      durationMs: uint(0, wireLimits.integer),
      code: text(wireLimits.errorCodeBytes),
      detail: text(wireLimits.reportDetailBytes),
      links: flatListOf(
        {
          number,
          roundTripUs: uint(0, wireLimits.integer),
          lossPermille: uint(0, 1_000),
          bytesPerSecond: uint(0, wireLimits.integer),
        },
        wireLimits.reportLinks,
      ),
      publicKey,
      signature,
    },
  },
  finish: { code: 13, sender: "parent", receiver: "child", fields: {} },
  alive: { code: 14, sender: "either end", receiver: "other end", fields: {} },
  have: {
    code: 15,
    sender: "sink or source",
    receiver: "other end",
    fields: { isIdle: flag, runs },
  },
};

export const frameTable: MessageTable<Frame> = new MessageTable(frameRows);
