import { createHash, randomBytes } from "node:crypto";
import { PalmTreeError } from "@palmtree/wire";

/** Bytes of a group key. */
export const keyBytes = 32;

const prefix = "palmtree-key-1-";
const checksumBytes = 4;
/** 36 bytes are 48 characters of base64url exactly: each stands for bits that count. */
const bodyLength = ((keyBytes + checksumBytes) / 3) * 4;

/** A new group key: 32 unpredictable bytes. */
export function drawKey(): Uint8Array {
  return randomBytes(keyBytes);
}

/**
 * A key as people copy it: `palmtree-key-1-`, then the key and the first four bytes of its SHA-256
 * in base64url. The checksum is there to recognise what was mistyped or cut off.
 *
 * @throws RangeError when the key does not have 32 bytes
 */
export function formatKey(key: Uint8Array): string {
  if (key.length !== keyBytes)
    throw new RangeError(`key: got ${key.length} bytes, expected ${keyBytes}`);
  return prefix + Buffer.concat([key, checksumOf(key)]).toString("base64url");
}

/**
 * Reads what {@link formatKey} wrote; white space around it is ignored.
 *
 * @returns 32 bytes
 * @throws key-invalid with what is wrong; never with the key itself, which is a secret
 */
export function parseKey(text: string): Uint8Array {
  const trimmed = text.trim();
  if (trimmed === "") throw invalid("is empty");
  if (!trimmed.startsWith(prefix)) throw invalid(`does not begin with ${prefix}`);
  const body = trimmed.slice(prefix.length);
  if (!/^[\w-]*$/.test(body)) throw invalid("has a character that no key has");
  if (body.length !== bodyLength)
    throw invalid(`has ${body.length} characters after ${prefix}, not ${bodyLength}`);
  const bytes = Buffer.from(body, "base64url");
  const key = bytes.subarray(0, keyBytes);
  if (!checksumOf(key).equals(bytes.subarray(keyBytes)))
    throw invalid("has a wrong checksum: it was mistyped or cut off");
  return Uint8Array.from(key);
}

function checksumOf(key: Uint8Array): Buffer {
  return createHash("sha256").update(key).digest().subarray(0, checksumBytes);
}

function invalid(problem: string): PalmTreeError {
  return new PalmTreeError("key-invalid", `The key ${problem}`, { facts: { problem } });
}
