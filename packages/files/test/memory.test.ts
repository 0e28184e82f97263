import { describe, expect, it } from "vitest";
import {
  ChunkLayout,
  decodeManifest,
  encodeManifest,
  type ManifestEntry,
  SessionHasher,
  sha256,
} from "../src/index.js";
import { heldBytes } from "./support/held-bytes.js";
import { directory, manifestOf } from "./support/tree.js";

const fileCount = 100_000;
const entries: ManifestEntry[] = [directory("d")];
for (let i = 0; i < fileCount; i += 1) {
  const path = `d/a-file-with-a-longer-name-${String(i).padStart(6, "0")}`;
  entries.push({
    path,
    kind: "file",
    sizeBytes: 1_000,
    mode: 0o644,
    modifiedMs: 1_600_000_000_123,
  });
}
const manifestBytes = encodeManifest(manifestOf(...entries));

describe("of 100,000 files", () => {
  it("the decoded manifest holds 4 bytes for each, beside the encoded one", () => {
    decodeManifest(manifestBytes); // what is compiled by the first use is not counted
    const held = heldBytes(() => decodeManifest(manifestBytes));
    expect(held / fileCount).toBeLessThan(16); // as objects they held 150
  });

  it("the session's hash holds nothing for each", () => {
    const manifest = decodeManifest(manifestBytes);
    const layout = new ChunkLayout(manifest);
    const content = { manifest, layout, manifestHash: sha256(manifestBytes) };
    const hashes = new Uint8Array(32 * fileCount);
    const hashAll = () => {
      const hasher = new SessionHasher(content, sha256);
      hasher.add(hashes);
      return hasher;
    };
    hashAll();
    expect(heldBytes(hashAll) / fileCount).toBeLessThan(16); // all files' roots held 250
  });
});
