import { wireLimits } from "@palmtree/wire";
import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import type { ChunkSizes } from "../../src/core/event.js";
import type { Content } from "../../src/core/transfer/content.js";
import { Intake } from "../../src/core/transfer/intake.js";
import { Statements } from "../../src/core/transfer/statements.js";
import { everyChunk } from "../../src/core/transfer/stripes.js";
import { Room } from "./harness.js";
import {
  hashOf,
  makeContext,
  makeSizes,
  only,
  pageOf,
  payloadOf,
  session,
  signedPage,
  signedSeal,
} from "./parts.js";

const chunkSizeBytes = 1_024;
const unsigned = new Uint8Array(64);
const notOfRoot = "that the root has not signed";
/** Two sources. */
const [liar, honest] = [1, 2] as const;

let context: Context;
let intake: Intake;
let content: Content;

function open(sizes: ChunkSizes): void {
  context = makeContext();
  const { chunkCount, totalBytes } = sizes;
  const promised = {
    session,
    chunkCount,
    totalBytes,
    chunkSizeBytes,
    strategy: "pipeline" as const,
    manifestBytes: 1,
  };
  intake = new Intake(context, promised, () => undefined);
  for (const source of [liar, honest]) intake.setInlet(source, source, everyChunk);
  intake.onManifestPart(0, new Uint8Array(1));
  content = intake.onManifestOpened(sizes);
  context.takeEffects();
}

describe("a hash page", () => {
  const sizes = makeSizes(70);
  beforeEach(() => open(sizes));

  test("that was made up is refused and not kept, and the root's own is taken from whoever has it", () => {
    const page = signedPage(0, pageOf(0, 32));
    expect(intake.onHashes({ ...page, payload: pageOf(1, 33) })).toContain(notOfRoot);
    expect(intake.onHashes({ ...page, signature: unsigned })).toContain(notOfRoot);
    expect(content.pages.get(0)).toBeUndefined();
    expect(intake.onChunk(liar, 0, payloadOf(0, sizes))).toContain("before its hash page");
    expect(intake.onHashes(page)).toBeUndefined();
  });

  test("of another place in the session is refused, although the root has signed it", () => {
    const page = signedPage(0, pageOf(0, 32));
    expect(intake.onHashes({ ...page, firstChunk: 32 })).toContain(notOfRoot);
    expect(content.pages.get(1)).toBeUndefined();
  });

  test("of another session of the same root is refused", () => {
    const other = new Statements(context, "0f".repeat(16)).page(0, pageOf(0, 32));
    expect(intake.onHashes(other)).toContain(notOfRoot);
  });

  test("with a part of its hashes only is refused, although the root has signed the whole", () => {
    open(makeSizes(31));
    const { signature } = signedPage(0, pageOf(0, 32));
    const cut = { type: "hashes", firstChunk: 0, payload: pageOf(0, 31), signature } as const;
    expect(intake.onHashes(cut)).toContain(notOfRoot);
  });

  test("that is known is not verified once more, however often it comes", () => {
    let verified = 0;
    const { verify } = context.cryptography;
    Object.assign(context.cryptography, {
      verify: (statement: Uint8Array, signature: Uint8Array) => {
        verified += 1;
        return verify(statement, signature);
      },
    });
    for (let times = 0; times < 100; times += 1)
      expect(intake.onHashes(signedPage(0, pageOf(0, 32)))).toBeUndefined();
    expect(verified).toBe(1);
  });
});

describe("the seal", () => {
  test("that was made up is refused, and the root's own is taken afterwards", () => {
    const sizes = makeSizes(70);
    open(sizes);
    const forged = { ...signedSeal(hashOf(1), sizes.totalBytes), sessionHash: hashOf(2) };
    expect(intake.onSeal(forged)).toBe("a seal that the root has not signed");
    expect(content.seal).toBeUndefined();
    expect(intake.onSeal(signedSeal(hashOf(1), sizes.totalBytes))).toBeUndefined();
    expect(content.sessionHash).toEqual(hashOf(1));
  });
});

describe("a stream's end", () => {
  const { chunkCount } = wireLimits;
  const totalBytes = chunkCount * chunkSizeBytes;
  beforeEach(() => {
    open({ chunkCount, totalBytes, isOpen: true, lengthOf: () => chunkSizeBytes });
  });

  test("cannot be told early by a liar, so that nobody honest is blamed for sending what is behind it", () => {
    expect(intake.onHashes(signedPage(0, pageOf(0, 32)))).toBeUndefined();
    // The liar knows the seal of another stream, which ended here, and an end of its own making.
    const early = 32 * chunkSizeBytes;
    const genuine = signedSeal(hashOf(1), 64 * chunkSizeBytes);
    expect(intake.onSeal({ ...genuine, totalBytes: early })).toContain(notOfRoot);
    expect(
      intake.onSeal(new Statements(context, "0f".repeat(16)).seal(hashOf(1), early)),
    ).toContain(notOfRoot);
    expect(content.isOpen).toBe(true);
    expect(only(context.takeEffects(), "end-stream")).toEqual([]);
    expect(intake.onHashes(signedPage(32, pageOf(32, 64)))).toBeUndefined();
    expect(intake.onChunk(honest, 63, new Uint8Array(chunkSizeBytes))).toBeUndefined();
    expect(intake.onSeal(genuine)).toBeUndefined();
    expect(content.chunkCount).toBe(64);
  });

  test("does not make a liar's page, which is none of the root's, an honest peer's fault", () => {
    const forged = { ...signedPage(32, pageOf(32, 64)), payload: pageOf(0, 32) };
    expect(intake.onHashes(forged)).toContain(notOfRoot);
    expect(intake.onHashes(signedPage(32, pageOf(32, 64)))).toBeUndefined();
  });
});

describe("what the root has signed", () => {
  test("goes from peer to peer with the signature that the root made", () => {
    const room = new Room({ receivers: 6, chunkCount: 70, invite: { fanout: 1 } });
    room.start();
    for (const type of ["hashes", "seal"] as const) {
      const lines = room.heard(type);
      const made = new Set(lines.filter(({ from }) => from === 0).map(textOf));
      const passedOn = lines.filter(({ from }) => from !== 0).map(textOf);
      expect(passedOn).toHaveLength(5 * made.size);
      for (const said of passedOn) expect(made).toContain(said);
    }
  });
});

function textOf({ message }: { readonly message: object }): string {
  return JSON.stringify(message, (_, value: unknown) =>
    value instanceof Uint8Array ? [...value] : value,
  );
}
