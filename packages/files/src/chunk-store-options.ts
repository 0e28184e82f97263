import type { SessionId } from "@palmtree/wire";
import type { ChunkLayout } from "./core/chunk-layout.js";
import type { Manifest } from "./core/manifest.js";
import type { OnConflict } from "./staging.js";

/** What a `ChunkStore` is made for. */
export interface ChunkStoreOptions {
  /** The destination; made if it is not there. */
  readonly directory: string;
  readonly session: SessionId;
  /** From `decodeManifest`, which checked its names. */
  readonly manifest: Manifest;
  readonly layout: ChunkLayout;
  /**
   * What happens where something at the destination has the name of something received: `fail`
   * keeps it and throws, `overwrite` replaces it, a directory as a whole.
   */
  readonly onConflict: OnConflict;
  /**
   * Whether `land` waits until the content would survive a loss of power. Without it a crash of
   * this process is survived, a crash of the machine within about 30 seconds may not be.
   */
  readonly sync: boolean;
  /**
   * The encoded manifest and its SHA-256. With them what is stored can be taken over by a later
   * session (`suspend`, or a crash), and this one begins with what is here: `leftovers`.
   */
  readonly resume?: { readonly manifest: Uint8Array; readonly manifestHash: Uint8Array };
}

/** What landed. */
export interface Landed {
  /** Files, empty ones too; directories are not counted. */
  readonly files: number;
  readonly bytes: number;
}
