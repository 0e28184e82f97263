import { describe, expect, it } from "vitest";
import { isSignedBy, SigningKey } from "../../src/security/signing-key.js";

const statement = new TextEncoder().encode("what the root said");

describe("a signing key", () => {
  const key = SigningKey.draw();
  const signature = key.sign(statement);

  it("signs what its public half recognises", () => {
    expect(key.publicKey).toHaveLength(32);
    expect(signature).toHaveLength(64);
    expect(isSignedBy(key.publicKey, statement, signature)).toBe(true);
  });

  it("recognises no other statement, signature or key", () => {
    const forged = signature.map((byte, at) => (at === 40 ? byte ^ 1 : byte));
    expect(isSignedBy(key.publicKey, statement.subarray(1), signature)).toBe(false);
    expect(isSignedBy(key.publicKey, statement, forged)).toBe(false);
    expect(isSignedBy(SigningKey.draw().publicKey, statement, signature)).toBe(false);
  });

  it.each([
    ["an empty key", new Uint8Array(), signature],
    ["a short signature", key.publicKey, signature.subarray(1)],
    ["a key of ones", new Uint8Array(32).fill(255), signature],
  ])("takes %s for no signature", (_name, publicKey, given) => {
    expect(isSignedBy(publicKey, statement, given)).toBe(false);
  });
});
