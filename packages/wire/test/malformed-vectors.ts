/**
 * The bytes behind docs/vectors/malformed.json: every rule of docs/protocol.md, "Malformed input",
 * broken in as many ways as there are, one at a time.
 */
import type { MalformedRule } from "../src/index.js";
import { join } from "./bytes.js";

export interface MalformedVector {
  readonly name: string;
  /** What the bytes are given to a decoder as. */
  readonly as: "datagram" | "frame";
  readonly rule: MalformedRule;
  /** Where, as the error says it. */
  readonly field: string;
  readonly bytes: Uint8Array;
}

const ids = "000102030405060708090a0b0c0d0e0f 1011121314151617 18191a1b1c1d1e1f";
const peer = "94 01 c4081111111111111111 c4040a000007 cd128b";
const peers = (...list: readonly string[]) =>
  join(`94 01 02 03 ${(0x90 + list.length).toString(16)}`, ...list);

function datagram(
  rule: MalformedRule,
  field: string,
  name: string,
  bytes: Uint8Array,
): MalformedVector {
  return { name, as: "datagram", rule, field, bytes };
}

/** A datagram with a good envelope. */
function body(
  rule: MalformedRule,
  field: string,
  name: string,
  type: number,
  ...parts: readonly (string | Uint8Array)[]
): MalformedVector {
  return datagram(rule, field, name, join("5054 01 00", ids, "00000001", type, ...parts));
}

function frame(
  rule: MalformedRule,
  field: string,
  name: string,
  ...parts: readonly (string | Uint8Array)[]
): MalformedVector {
  return { name, as: "frame", rule, field, bytes: join(...parts) };
}

const filler = new Uint8Array(1_200);

export const malformedVectors: readonly MalformedVector[] = [
  datagram("size", "size", "nothing", new Uint8Array()),
  datagram("size", "size", "an envelope without a body", join("505401 00", ids, "00000001")),
  datagram("size", "size", "a type without a body", join("505401 00", ids, "00000001 02")),
  datagram("size", "size", "1,201 bytes", join("505401 01", ids, "00000001", filler.subarray(39))),
  datagram("magic", "magic", "another magic", join("5055 01 00", ids, "00000001 02 90")),
  datagram("version", "version", "version 0", join("5054 00 00", ids, "00000001 02 90")),
  datagram("version", "version", "version 2", join("5054 02 00", ids, "00000001 02 90")),
  datagram(
    "protection",
    "protection",
    "a third protection",
    join("5054 01 02", ids, "00000001 02 90"),
  ),
  datagram(
    "protection",
    "protection",
    "a sealed one that is taken for an open one",
    join("5054 01 01", ids, "00000001 02 90"),
  ),
  datagram("type", "type", "type 0", join("5054 01 00", ids, "00000001 00 90")),
  datagram("type", "type", "type 29", join("5054 01 00", ids, "00000001 1d 90")),
  datagram("counter", "counter", "counter 0", join("5054 01 00", ids, "00000000 02 90")),
  datagram(
    "size",
    "content",
    "a message of 1,049 bytes",
    join("5054 01 00", ids, "00000001 02", filler.subarray(0, 1_048)),
  ),

  body("format", "body", "the body is nil", 2, "c0"),
  body("format", "body", "the body is a map", 2, "80"),
  body("format", "body", "the body is a map of 2^32 - 1", 2, "df ffffffff"),
  body("format", "body", "the body begins with the unused byte", 2, "c1"),
  body("count", "body", "one field too many", 2, "91 00"),
  body("count", "body", "one field too few", 6, "91 01"),
  body("count", "body", "the body claims 2^32 - 1 fields", 2, "dd ffffffff"),
  body("truncated", "body", "the body ends in its header", 15, "dc 00"),
  body("truncated", "pulse", "a field is missing", 15, "91"),
  body("truncated", "pulse", "an integer is cut", 15, "91 cd01"),
  body("truncated", "detail", "a text is cut", 18, "92 a0 a3 6162"),
  body("truncated", "token", "a binary value is cut", 9, "92 01 c408 00112233445566"),
  body("truncated", "neighbours", "a list ends in its header", 4, "94 01 02 03 dc00"),
  body(
    "truncated",
    "neighbours[0]",
    "a list claims an item that is not there",
    4,
    "94 01 02 03 91",
  ),
  body("trailing", "body", "a byte after the body", 2, "90 00"),
  body("trailing", "body", "another body after the body", 15, "91 07 91 07"),

  body("format", "pulse", "an integer as float", 15, "91 cb3ff0000000000000"),
  body("format", "pulse", "an integer in a signed format", 15, "91 d007"),
  body("format", "pulse", "a negative integer", 15, "91 ff"),
  body("format", "pulse", "an integer as text", 15, "91 a137"),
  body("format", "pulse", "an integer as nil", 15, "91 c0"),
  body("format", "detail", "a text as binary", 18, "92 a0 c400"),
  body("format", "token", "a binary value as text", 9, "92 01 a8 3031323334353637"),
  body("format", "reason", "a code as text", 7, "91 a5 7374616c65"),
  body("format", "peer", "a peer as a map", 13, "91 80"),
  body("format", "detail", "a text as a timestamp", 18, "92 a0 d6ff00000000"),
  body("range", "pulse", "an integer above its range", 15, "91 cf0000000100000000"),
  body("range", "pulse", "an integer of 2^53", 15, "91 cf0020000000000000"),
  body("range", "pulse", "an integer of 2^64 - 1", 15, "91 cfffffffffffffffff"),
  body("range", "reason", "code 0", 7, "91 00"),
  body("range", "reason", "a code that is not used", 7, "91 08"),
  body("length", "token", "a token of 7 bytes", 9, "92 01 c407 00112233445566"),
  body("length", "token", "a token that claims 2^32 - 1 bytes", 9, "92 01 c6ffffffff"),
  body("length", "detail", "a detail of 256 bytes", 18, "92 a0 da0100", filler.subarray(0, 256)),
  body("length", "detail", "a detail that claims 2^32 - 1 bytes", 18, "92 a0 dbffffffff"),
  body("utf-8", "detail", "an over-long form", 18, "92 a0 a2 c0af"),
  body("utf-8", "detail", "a surrogate", 18, "92 a0 a3 eda080"),
  body("utf-8", "detail", "above U+10FFFF", 18, "92 a0 a4 f4908080"),
  body("utf-8", "detail", "a stray continuation byte", 18, "92 a0 a1 80"),
  body("utf-8", "detail", "a cut sequence", 18, "92 a0 a2 e282"),

  body("count", "neighbours", "65 neighbours", 4, "94 01 02 03 dc0041"),
  body("count", "neighbours", "neighbours that claim to be 2^32 - 1", 4, "94 01 02 03 ddffffffff"),
  body(
    "count",
    "neighbours[0]",
    "a peer of three parts",
    4,
    peers("93 01 c4081111111111111111 00"),
  ),
  body("range", "neighbours[1].number", "number 65,536", 4, peers(peer, "94 ce00010000")),
  body(
    "length",
    "neighbours[1].id",
    "an id of 9 bytes",
    4,
    peers(peer, "94 01 c409", "11".repeat(9)),
  ),
  body(
    "length",
    "neighbours[0].ip",
    "an ip of 5 bytes",
    4,
    peers("94 01 c4081111111111111111 c4050a00000701 01"),
  ),
  body(
    "range",
    "neighbours[0].port",
    "port 0",
    4,
    peers("94 01 c4081111111111111111 c4040a000007 00"),
  ),
  body(
    "range",
    "neighbours[0].port",
    "port 65,536",
    4,
    peers("94 01 c4081111111111111111 c4040a000007 ce00010000"),
  ),

  body("count", "body", "an upgrade that does not say which link", 8, "90"),
  body("range", "link", "an upgrade of no link", 8, "91 00"),
  body("range", "link", "a source that asks", 8, "91 03"),
  body("range", "link", "a sink that accepts", 9, "92 03 c4080123456789abcdef"),
  body("range", "link", "a downgrade of a fourth link", 11, "92 04 01"),
  body("count", "sources", "a plan of 65 stripes", 19, "93 01 dc0041"),
  body("range", "sources[1]", "a source that is no peer", 19, "93 01 92 01 ce00010000 90"),
  body("format", "sources[0]", "a source in a list of its own", 19, "93 01 91 91 01 90"),
  body("truncated", "sources[1]", "a stripe without source", 19, "93 01 92 01"),
  body("count", "peers", "a plan with 65 peers", 19, "93 01 90 dc0041"),
  body("range", "revision", "a plan-ack of revision 2^32", 20, "91 cf0000000100000000"),
  body("range", "count", "a probe of 2^32", 21, "91 cf0000000100000000"),
  body("range", "kind", "trouble of no kind", 23, "94 01 00 00 00"),
  body("range", "kind", "trouble of a fourth kind", 23, "94 01 04 00 00"),
  body("range", "number", "trouble with no peer", 23, "94 ce00010000 01 00 00"),
  body(
    "range",
    "bytesPerSecond",
    "trouble at 2^53 bytes in a second",
    23,
    "94 01 02 cf0020000000000000 00",
  ),

  frame("type", "type", "type 0", "00 000001 00000000 90"),
  frame("type", "type", "type 16", "10 000001 00000000 90"),
  frame("size", "body length", "no body", "0e 000000 00000000"),
  frame("size", "body length", "a body longer than its type's", "0e 000006 00000000 dd00000000 00"),
  frame("size", "body length", "a body of 64 KiB + 1", "0b 010001 00000000"),
  frame("size", "payload length", "a payload where none may be", "0e 000001 00000001 90 00"),
  frame("size", "payload length", "a chunk without payload", "05 000002 00000000 91 00"),
  frame("size", "payload length", "a chunk of 16 MiB + 1", "05 000002 01000001 91 00"),
  frame("size", "payload length", "a chunk of 2^32 - 1", "05 000002 ffffffff 91 00"),
  frame("size", "payload length", "a manifest part of 1 MiB + 1", "03 000002 00100001 91 00"),
  frame("size", "payload length", "half a hash", "04 000002 00000010 91 00"),
  frame("size", "payload length", "1,025 hashes", "04 000002 00008020 91 00"),
  frame("size", "payload length", "a bitmap of 2 MiB + 1", "07 000003 00200001 92 01 90"),
  frame("size", "payload length", "a bitmap of what is wanted", "08 000002 00000001 91 90 00"),
  frame("size", "body length", "a body that has no room for 1,025 runs", "08 00480b 00000000"),
  frame("count", "body", "a field too many", "0e 000002 00000000 91 00"),
  frame("trailing", "body", "a byte after the body", "0e 000002 00000000 90 00"),
  frame("truncated", "index", "the body ends before its field", "05 000001 00000001 91 00"),
  frame("range", "index", "chunk 2^24", "05 000006 00000001 91 ce01000000 00"),
  frame("format", "index", "an index as float", "05 000006 00000001 91 ca40e00000 00"),
  frame(
    "format",
    "hasManifest",
    "a boolean as integer",
    "01 00002a 00000000 96 c410000102030405060708090a0b0c0d0e0f c4081011121314151617 05 01 c4080123456789abcdef 00",
  ),
  frame(
    "length",
    "sessionHash",
    "a hash of 31 bytes",
    "06 000023 00000000 93 c41f",
    "00".repeat(32),
  ),
  frame(
    "length",
    "signature",
    "a signature of 63 bytes",
    `04 000043 00000020 92 00 c43f ${"00".repeat(63)}`,
    "00".repeat(32),
  ),
  frame("count", "entries", "progress that is no whole entries", "0b 000004 00000000 91 92 01 00"),
  frame("count", "entries", "4,097 entries of progress", "0b 000004 00000000 91 dc3003"),
  frame("range", "stripeCount", "holds of no stripe", "07 000003 00000000 92 00 90"),
  frame("range", "stripeCount", "holds of 65 stripes", "07 000003 00000000 92 41 90"),
  frame("count", "stripes", "holds that want 65 stripes", "07 000005 00000000 92 01 dc0041"),
  frame("range", "stripes[1]", "holds that want stripe 64", "07 000005 00000000 92 40 92 00 40"),
  frame("count", "runs", "a run without its count", "0f 000004 00000000 92 c2 91 00"),
  frame("count", "runs", "1,025 runs", "0f 000005 00000000 92 c2 dc0802"),
  frame("count", "runs", "1,025 wanted runs", "08 000004 00000000 91 dc0802"),
  frame(
    "range",
    "runs[0].first",
    "a run from chunk 2^24",
    "0f 000009 00000000 92 c2 92 ce01000000 01",
  ),
  frame("range", "runs[0].count", "a run of no chunk", "0f 000005 00000000 92 c2 92 00 00"),
  frame("range", "runs[0].count", "a wanted run of no chunk", "08 000004 00000000 91 92 00 00"),
  frame("format", "isIdle", "an idleness that is a number", "0f 000003 00000000 92 00 90"),
  frame("range", "reason", "a refusal for a fifth reason", "09 000003 00000000 92 07 05"),
  frame(
    "range",
    "entries[0].parent",
    "a parent that is no peer",
    "0b 000008 00000000 91 93 01 ce00010000",
  ),
];
