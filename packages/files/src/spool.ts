import { constants } from "node:fs";
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { PalmTreeError } from "@palmtree/wire";
import { escapeForTerminal } from "./core/safe-path.js";
import {
  allocate,
  closeFile,
  type Descriptor,
  openFile,
  readInto,
  writeAll,
} from "./descriptor.js";
import { destinationError, systemCode } from "./disk-error.js";

/** What only its owner reads and writes. */
const SPOOL_MODE = 0o600;
const SPOOL_FLAGS =
  constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | (constants.O_NOFOLLOW ?? 0);

/**
 * A file for what cannot be had again. It has no name, so that nobody else finds it, and goes with
 * this process, whatever ends that; on Windows it has one until it is closed.
 */
export class Spool {
  readonly #directory: string;
  readonly #path: string;
  readonly #file: Descriptor;

  private constructor(directory: string, path: string, file: Descriptor) {
    this.#directory = directory;
    this.#path = path;
    this.#file = file;
  }

  /**
   * Makes the file.
   *
   * @param directory - where; in the `path` of every error
   * @throws not-writable, disk-full or store-failed when it cannot be made
   */
  static async open(directory: string): Promise<Spool> {
    const suffix = Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString("hex");
    const path = join(directory, `.palmtree-spool-${suffix}`);
    try {
      const file = await openFile(path, SPOOL_FLAGS, SPOOL_MODE);
      // Open files cannot be removed there; it goes when it is closed.
      if (process.platform !== "win32") await unlink(path).catch(closing(file));
      return new Spool(directory, path, file);
    } catch (error) {
      throw spoolError(error, directory);
    }
  }

  /**
   * Writes a payload.
   *
   * @param payload - must not change until it is written
   * @param offset - bytes of the file before it
   * @throws disk-full, not-writable or store-failed when the operating system refuses
   */
  async write(payload: Uint8Array, offset: number): Promise<void> {
    try {
      await writeAll(this.#file, [payload], offset);
    } catch (error) {
      throw spoolError(error, this.#directory);
    }
  }

  /**
   * Reads `length` bytes that were written, from `offset` on.
   *
   * @returns memory of its own
   * @throws store-failed when they cannot be read
   */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = allocate(length);
    try {
      await readInto(this.#file, bytes, offset);
    } catch (error) {
      throw destinationError(error, "read what was kept in", this.#directory);
    }
    return bytes;
  }

  /** Removes the file with all that is in it. Nothing may be read or written any more. */
  async close(): Promise<void> {
    await closeFile(this.#file);
    if (process.platform === "win32") await unlink(this.#path).catch(() => undefined);
  }
}

/** Closes the file, and passes the error on. */
function closing(file: Descriptor): (error: unknown) => Promise<never> {
  return async (error) => {
    await closeFile(file);
    throw error;
  };
}

/**
 * The error for a stream that cannot be kept.
 *
 * @param error - what was thrown; the code is that of what the operating system says
 * @param directory - where the spool is, or should be
 */
function spoolError(error: unknown, directory: string): PalmTreeError {
  const { code, facts, cause } = destinationError(error, "write to", directory);
  const where = escapeForTerminal(directory);
  const why = systemCode(error) ?? String(error);
  const message = `The spool directory ${where} does not take what is sent: ${why}; choose another`;
  return new PalmTreeError(code, message, { facts, cause });
}
