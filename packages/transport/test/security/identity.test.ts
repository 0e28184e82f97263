import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Identity, peerIdOf, sessionIdOf } from "../../src/index.js";
import { rawKeyOf } from "../../src/security/signing-key.js";

const session = "000102030405060708090a0b0c0d0e0f";

describe("an identity", () => {
  it("has an id of its own in every session, which follows from its key", () => {
    const identity = Identity.draw();
    expect(identity.idIn(session)).toBe(peerIdOf(session, identity.key.publicKey));
    expect(identity.idIn(session)).toMatch(/^[0-9a-f]{16}$/);
    expect(identity.idIn("ff".repeat(16))).not.toBe(identity.idIn(session));
    expect(Identity.draw().idIn(session)).not.toBe(identity.idIn(session));
  });

  it("gives the session its id of which it is the root", () => {
    const identity = Identity.draw();
    expect(identity.session).toBe(sessionIdOf(identity.key.publicKey));
    expect(identity.session).toMatch(/^[0-9a-f]{32}$/);
  });

  it("follows from a key as docs/protocol.md has it", () => {
    const key = new Uint8Array(32).fill(7);
    expect([peerIdOf(session, key), sessionIdOf(key)]).toMatchInlineSnapshot(`
      [
        "5ef370ceb6785f4b",
        "07cd280f5715a64e2c453fe3aa55eba0",
      ]
    `);
  });

  it("shows a certificate with its key, signed with it", () => {
    const identity = Identity.draw();
    const certificate = new X509Certificate(identity.certificate.cert);
    expect(rawKeyOf(certificate.publicKey)).toEqual(identity.key.publicKey);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
  });
});
