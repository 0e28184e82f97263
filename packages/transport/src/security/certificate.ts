import type { X509Certificate } from "node:crypto";
import { rawKeyOf, type SigningKey } from "./signing-key.js";

/** A certificate and its key, as `node:tls` takes them. */
export interface Certificate {
  /** PEM. */
  readonly cert: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

/**
 * A certificate that says nothing but the public key, signed with it: TLS wants one to carry the
 * key in. Nobody looks at its names and dates; the peer's id says which key it must have.
 *
 * The smallest that RFC 5280 allows, in DER: Node can read certificates and not make them.
 */
export function certify(key: SigningKey): Certificate {
  const toBeSigned = sequence(
    tagged(0xa0, integer(2)), // version 3
    integer(1), // serial number
    ed25519,
    name, // issuer
    sequence(time(0x17, "700101000000Z"), time(0x18, "99991231235959Z")),
    name, // subject
    sequence(ed25519, bits(key.publicKey)),
  );
  const certificate = sequence(toBeSigned, ed25519, bits(key.sign(toBeSigned)));
  const body = certificate.toString("base64").replace(/.{64}/g, "$&\n");
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`,
    key: key.privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}

/**
 * The Ed25519 key in a certificate that somebody else has made: 32 bytes. Undefined for another kind,
 * and for one that cannot be read; never throws.
 */
export function keyIn(certificate: X509Certificate | undefined): Uint8Array | undefined {
  try {
    const key = certificate?.publicKey;
    return key?.asymmetricKeyType === "ed25519" ? rawKeyOf(key) : undefined;
  } catch {
    return undefined;
  }
}

/** 1.3.101.112, RFC 8410. */
const ed25519 = sequence(tagged(0x06, Buffer.from([0x2b, 0x65, 0x70])));

/** CN=palmtree; 2.5.4.3 is the common name. */
const name = sequence(
  tagged(
    0x31,
    sequence(
      tagged(0x06, Buffer.from([0x55, 0x04, 0x03])),
      tagged(0x0c, Buffer.from("palmtree", "utf8")),
    ),
  ),
);

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

function integer(value: number): Buffer {
  return tagged(0x02, Buffer.from([value]));
}

function time(tag: number, text: string): Buffer {
  return tagged(tag, Buffer.from(text, "ascii"));
}

function bits(bytes: Uint8Array): Buffer {
  return tagged(0x03, Buffer.from([0]), Buffer.from(bytes));
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}
