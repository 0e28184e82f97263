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
   * What happens where something at the destination has the name of a top entry that is received,
   * and is not the same: `fail` keeps it and throws; `skip` keeps it, and that entry stays in the
   * staging directory until the store is abandoned; `rename` keeps it, and that entry lands under
   * `NAME (1)` or the next number that is free; `overwrite` replaces it, a directory as a whole.
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

/** A top entry that landed under another name. */
export interface RenamedEntry {
  readonly name: string;
  /** What it is called in the destination. */
  readonly landedAs: string;
}

/** What landed. */
export interface Landed {
  /** Files under their final names, empty ones too; directories and links are not counted. */
  readonly files: number;
  /** Of all files that were received, skipped ones too. */
  readonly bytes: number;
  /** Top entries that did not land, since something else has their name. */
  readonly skipped: readonly string[];
  /** Top entries that landed under another name, since something else has theirs. */
  readonly renamed: readonly RenamedEntry[];
}
