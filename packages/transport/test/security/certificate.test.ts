import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Identity } from "../../src/index.js";
import { keyIn } from "../../src/security/certificate.js";

const identity = Identity.draw();
const own = new X509Certificate(identity.certificate.cert).raw;

/** Where the certificate has its key, with what stands before it (RFC 8410). */
const keyAt = own.indexOf(Buffer.from("302a300506032b6570032100", "hex"));

/** The same certificate with one byte before its key changed. */
function changed(offset: number, byte: number): X509Certificate {
  const bytes = Buffer.from(own);
  bytes[keyAt + offset] = byte;
  return new X509Certificate(bytes);
}

describe("the key in a certificate", () => {
  it("is the one that it was made for", () => {
    expect(keyIn(new X509Certificate(own))).toEqual(identity.key.publicKey);
  });

  it.each([
    ["of a kind that nobody knows", changed(8, 0x7f)],
    ["of a kind that has other sizes", changed(8, 0x71)],
    ["of a kind that does not sign", changed(8, 0x6e)],
    ["that is not there, as where no certificate is shown", undefined],
  ])("%s is none, and no exception", (_how, certificate) => {
    expect(keyIn(certificate)).toBeUndefined();
  });
});
