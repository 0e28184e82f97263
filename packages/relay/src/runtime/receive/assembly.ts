import {
  ChunkLayout,
  ChunkStore,
  decodeManifest,
  type Landed,
  type Manifest,
  type OnConflict,
  sha256,
} from "@palmtree/files";
import { type Invite, isPalmTreeError, PalmTreeError, type SessionId } from "@palmtree/wire";
import type { Effect, PeerEvent } from "../../core/index.js";
import type { PayloadUses } from "../payload-uses.js";
import { SessionDigest } from "../session-digest.js";

/** What has to be known to put a session's files together. */
export interface AssemblyOptions {
  readonly session: SessionId;
  readonly invite: Invite;
  readonly directory: string;
  readonly onConflict: OnConflict;
  readonly sync: boolean;
  readonly uses: PayloadUses;
  /** Bytes of a stream, whose length no invitation tells, above which it is not received. */
  readonly maxTotalBytes: number;
}

/** Who is told how it goes. */
export interface AssemblyListener {
  post(event: PeerEvent): void;
  onOpened(manifest: Manifest, layout: ChunkLayout): void;
  onStored(index: number, length: number): void;
  onLanded(landed: Landed): void;
}

/**
 * The receiving side's content: checks the manifest, verifies chunks, has them stored and loaded,
 * and lets the whole land.
 */
export class Assembly {
  readonly #options: AssemblyOptions;
  readonly #listener: AssemblyListener;
  #store: ChunkStore | undefined;
  #digest: SessionDigest | undefined;
  #opening: Promise<void> | undefined;
  #landing: Promise<void> | undefined;
  #isLanding = false;
  #isAbandoned = false;

  constructor(options: AssemblyOptions, listener: AssemblyListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** Whether what was received is being moved into place. */
  get isLanding(): boolean {
    return this.#isLanding;
  }

  open(manifest: Uint8Array): void {
    this.#opening = this.#open(manifest).catch((error: unknown) => this.#fail(error));
  }

  /** At once, on this thread: handing 64 KiB to another costs more than hashing them. */
  verify({ connection, index, hash, payload }: Extract<Effect, { type: "verify-chunk" }>): void {
    this.#options.uses.begin(payload); // the machine's, until `release-chunk`
    const isIntact = Buffer.compare(sha256(payload), hash) === 0;
    if (isIntact) this.#digest?.offer(index, hash);
    this.#listener.post({ type: "chunk-verified", connection, index, payload, isIntact });
  }

  store(index: number, payload: Uint8Array): void {
    const { invite, maxTotalBytes } = this.#options;
    if (index * invite.chunkSizeBytes + payload.length > maxTotalBytes && invite.isStream)
      return this.#fail(tooLong(maxTotalBytes));
    this.#options.uses.begin(payload);
    this.#store?.store(index, payload, (error) => {
      if (error !== undefined) return this.#fail(error);
      this.#options.uses.end(payload);
      this.#listener.onStored(index, payload.length);
      this.#listener.post({ type: "chunk-stored", index });
    });
  }

  /** The stream that comes has this length. */
  endStream(totalBytes: number): void {
    this.#store?.endStream(totalBytes);
  }

  /** What has landed is anybody's to change: a chunk that did is not passed on. */
  load(index: number, hash: Uint8Array): void {
    this.#store?.load(index).then(
      (payload) => {
        if (Buffer.compare(sha256(payload), hash) === 0)
          return this.#listener.post({ type: "chunk-loaded", index, payload });
        const facts = { chunk: index };
        const message = `Chunk ${index} on disk is not what was stored: somebody changed it`;
        return this.#fail(new PalmTreeError("store-failed", message, { facts }));
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** Whether what is on disk from before is what it should be; if it is, it counts as stored. */
  checkLeftover(index: number, hash: Uint8Array): void {
    void this.#checkLeftover(index, hash).then(
      (isIntact) => this.#listener.post({ type: "leftover-checked", index, isIntact }),
      (error: unknown) => this.#fail(error),
    );
  }

  land(pages: readonly Uint8Array[], sessionHash: Uint8Array): void {
    this.#landing = this.#land(pages, sessionHash).catch((error: unknown) => this.#fail(error));
  }

  /**
   * Ends the use of the disk. Never rejects.
   *
   * @param isKept - whether what has not landed stays for a later session; else it is removed
   */
  async abandon(isKept: boolean): Promise<void> {
    this.#isAbandoned = true;
    await this.#opening;
    await this.#landing;
    const ending = isKept ? this.#store?.suspend() : this.#store?.abandon();
    // What cannot be removed stays in a directory that says what it is; the result is known.
    await ending?.catch(() => undefined);
  }

  async #open(bytes: Uint8Array): Promise<void> {
    const { session, directory, onConflict, sync } = this.#options;
    const manifestHash = sha256(bytes);
    const { manifest, layout } = this.#check(bytes, manifestHash);
    const options = { directory, session, manifest, layout, onConflict, sync };
    // A stream cannot be sent again: nobody goes on with it.
    const resume = layout.isOpen ? {} : { resume: { manifest: bytes, manifestHash } };
    this.#digest = new SessionDigest({ manifest, layout, manifestHash });
    this.#store = await ChunkStore.create({ ...options, ...resume });
    if (this.#isAbandoned) return;
    this.#listener.onOpened(manifest, layout);
    const leftovers = this.#store.leftovers.clone();
    this.#listener.post({ type: "manifest-opened", sizes: layout, leftovers });
  }

  async #checkLeftover(index: number, hash: Uint8Array): Promise<boolean> {
    const store = this.#store;
    // What cannot be read is as if it were not there.
    const payload = await store?.load(index).catch(() => undefined);
    if (store === undefined || payload === undefined) return false;
    if (Buffer.compare(sha256(payload), hash) !== 0 || !(await store.keep(index))) return false;
    this.#digest?.offer(index, hash);
    this.#listener.onStored(index, payload.length);
    return true;
  }

  /** The manifest is what the invitation promised. */
  #check(bytes: Uint8Array, hash: Uint8Array): { manifest: Manifest; layout: ChunkLayout } {
    const { invite } = this.#options;
    if (Buffer.compare(hash, invite.manifestHash) !== 0)
      throw broken("hash", "does not have the hash that was promised");
    const manifest = decodeManifest(bytes);
    const layout = new ChunkLayout(manifest);
    const { chunkCount, totalBytes, chunkSizeBytes, entryCount, isOpen: isStream } = layout;
    const found = { chunkCount, totalBytes, chunkSizeBytes, entryCount, isStream };
    for (const name of promises)
      if (found[name] !== invite[name])
        throw broken(name, `has ${name} ${found[name]}, not ${invite[name]} as was promised`);
    return { manifest, layout };
  }

  async #land(pages: readonly Uint8Array[], promised: Uint8Array): Promise<void> {
    const sessionHash = await this.#digest?.finish(pages);
    if (sessionHash === undefined || Buffer.compare(sessionHash, promised) !== 0)
      throw new PalmTreeError(
        "content-mismatch",
        "The received content does not have the session's hash",
        { fault: "remote" },
      );
    if (this.#isAbandoned) return;
    this.#isLanding = true;
    try {
      const landed = await this.#store?.land();
      if (landed !== undefined) this.#listener.onLanded(landed);
    } finally {
      this.#isLanding = false;
    }
    this.#listener.post({ type: "landed" });
  }

  #fail(error: unknown): void {
    const known = isPalmTreeError(error)
      ? error
      : new PalmTreeError("store-failed", `Cannot store what is received: ${String(error)}`, {
          cause: error,
        });
    this.#listener.post({ type: "failed", error: known });
  }
}

/** What an invitation says of a manifest. */
const promises = ["chunkCount", "totalBytes", "chunkSizeBytes", "entryCount", "isStream"] as const;

function tooLong(limit: number): PalmTreeError {
  const message = `The stream is longer than ${limit} bytes, which is the most that is taken here`;
  return new PalmTreeError("limit-exceeded", message, { fault: "remote", facts: { limit } });
}

function broken(field: string, problem: string): PalmTreeError {
  return new PalmTreeError("manifest-invalid", `The manifest ${problem}`, {
    fault: "remote",
    facts: { field, problem },
  });
}
