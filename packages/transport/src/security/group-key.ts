import { createHash, createSecretKey, hkdfSync, type KeyObject, randomBytes } from "node:crypto";
import { fromHex, PalmTreeError, type SessionId } from "@palmtree/wire";

/** Bytes of a group key. */
export const groupKeyBytes = 32;

const prefix = "palmtree-key-1-";
const checksumBytes = 4;
/** 36 bytes are 48 characters of base64url exactly: each stands for bits that count. */
const bodyLength = ((groupKeyBytes + checksumBytes) / 3) * 4;

/** The secret of a group: whoever has it takes part. */
export class GroupKey {
  readonly #bytes: Uint8Array;
  /** The same, where it need not be copied each time. */
  readonly #secret: KeyObject;

  /**
   * @param bytes - 32, unpredictable
   * @throws RangeError when there are not 32
   */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== groupKeyBytes)
      throw new RangeError(`key: got ${bytes.length} bytes, expected ${groupKeyBytes}`);
    this.#bytes = Uint8Array.from(bytes);
    this.#secret = createSecretKey(this.#bytes);
  }

  /** A new one: 32 unpredictable bytes. */
  static draw(): GroupKey {
    return new GroupKey(randomBytes(groupKeyBytes));
  }

  /**
   * Reads what {@link GroupKey.format} wrote; white space around it is ignored.
   *
   * @throws key-invalid with what is wrong (`facts.problem`); never with the key, which is a secret
   */
  static parse(text: string): GroupKey {
    const trimmed = text.trim();
    if (trimmed === "") throw invalid("is empty");
    if (!trimmed.startsWith(prefix)) throw invalid(`does not begin with ${prefix}`);
    const body = trimmed.slice(prefix.length);
    if (!/^[\w-]*$/.test(body)) throw invalid("has a character that no key has");
    if (body.length !== bodyLength)
      throw invalid(`has ${body.length} characters after ${prefix}, not ${bodyLength}`);
    const bytes = Buffer.from(body, "base64url");
    const key = bytes.subarray(0, groupKeyBytes);
    if (!checksumOf(key).equals(bytes.subarray(groupKeyBytes)))
      throw invalid("has a wrong checksum: it was mistyped or cut off");
    return new GroupKey(key);
  }

  /**
   * The key as people copy it: `palmtree-key-1-`, then the key and the first four bytes of its
   * SHA-256 in base64url. The checksum is there to recognise what was mistyped or cut off.
   */
  format(): string {
    const bytes = Buffer.concat([this.#bytes, checksumOf(this.#bytes)]);
    return prefix + bytes.toString("base64url");
  }

  /** What datagrams of a session are sealed with: 32 bytes (docs/protocol.md, "Sealed datagrams"). */
  sealingKey(session: SessionId): Uint8Array {
    const salt = fromHex(session);
    return new Uint8Array(hkdfSync("sha256", this.#secret, salt, "palmtree datagram 1", 32));
  }

  /** Nothing that prints it by accident shows it. */
  toJSON(): string {
    return "[a group key]";
  }
}

function checksumOf(key: Uint8Array): Buffer {
  return createHash("sha256").update(key).digest().subarray(0, checksumBytes);
}

function invalid(problem: string): PalmTreeError {
  return new PalmTreeError("key-invalid", `The key ${problem}`, { facts: { problem } });
}
