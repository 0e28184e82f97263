import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { publicKeyBytes, signatureBytes } from "@palmtree/wire";

/** What stands before the 32 bytes of a key in its DER form (RFC 8410, section 4). */
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");

/** What stands before the 32 bytes of a private key (RFC 8410, section 7). */
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");

/** Public keys that were read lately: reading one takes as long as a verification. */
const mostKnownKeys = 4_096;
const knownKeys = new Map<string, KeyObject>();

/** An Ed25519 key pair, of which only the public half ever leaves this process. */
export class SigningKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly privateKey: KeyObject;

  private constructor(privateKey: KeyObject, publicKey: Uint8Array) {
    this.privateKey = privateKey;
    this.publicKey = publicKey;
  }

  /** A new pair. */
  static draw(): SigningKey {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    return new SigningKey(privateKey, rawKeyOf(publicKey));
  }

  /** @internal the pair whose private half is these 32 bytes (RFC 8032), for vectors */
  static of(seed: Uint8Array): SigningKey {
    const der = Buffer.concat([pkcs8Prefix, seed]);
    const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    return new SigningKey(privateKey, rawKeyOf(createPublicKey(privateKey)));
  }

  /** @returns 64 bytes */
  sign(statement: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, statement, this.privateKey));
  }
}

/**
 * Whether `signature` over `statement` was made with the private half of `publicKey`. False for
 * whatever is no key or no signature; never throws.
 */
export function isSignedBy(
  publicKey: Uint8Array,
  statement: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== publicKeyBytes || signature.length !== signatureBytes) return false;
  try {
    return verify(null, statement, keyOf(publicKey), signature);
  } catch {
    return false;
  }
}

/** The 32 bytes of an Ed25519 public key. */
export function rawKeyOf(publicKey: KeyObject): Uint8Array {
  const der = publicKey.export({ type: "spki", format: "der" });
  return new Uint8Array(der.subarray(-publicKeyBytes));
}

function keyOf(publicKey: Uint8Array): KeyObject {
  const name = Buffer.from(publicKey).toString("latin1");
  const known = knownKeys.get(name);
  if (known !== undefined) return known;
  const der = Buffer.concat([spkiPrefix, publicKey]);
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  if (knownKeys.size >= mostKnownKeys) knownKeys.clear();
  knownKeys.set(name, key);
  return key;
}
