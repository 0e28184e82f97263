import { Bitmap } from "@palmtree/files/core";
import { PalmTreeError } from "@palmtree/wire";
import type { Effect } from "../core/effect.js";
import type { PeerEvent } from "../core/event.js";
import { isSame, simulatedSessionHash } from "./content.js";
import type { Host, World } from "./host.js";

/** What a machine wants done with content. */
type ContentEffect = Extract<
  Effect,
  {
    type:
      | "produce-chunk"
      | "hash-session"
      | "verify-chunk"
      | "store-chunk"
      | "end-stream"
      | "release-chunk"
      | "load-chunk"
      | "check-leftover"
      | "open-manifest"
      | "land";
  }
>;

/** Tells the machine of an event, after so many virtual milliseconds; by default as a disk takes. */
type TellLater = (event: PeerEvent, delayMs?: number) => void;

/**
 * Stands in for what a real host does with content: reads it from the source, hashes, verifies,
 * stores, loads and lands it. Throws when a machine asks for what would do harm there, or could not
 * be done: that is the machine's error, and no event of the simulated world.
 */
export class ContentKeeper {
  readonly #world: World;
  readonly #host: Host;
  readonly #later: TellLater;
  /** Payloads that the machine may not use any more. */
  readonly #released = new WeakSet<Uint8Array>();
  /** Before that the source of a stream gives nothing. */
  #sourceAt = 0;
  /** How long the stream is, once that is known here. */
  #endedBytes: number | undefined;

  constructor(world: World, host: Host, later: TellLater) {
    this.#world = world;
    this.#host = host;
    this.#later = later;
  }

  /** Throws when the machine uses what it has released: that may hold other bytes by now. */
  checkUse(index: number, payload: Uint8Array): void {
    if (this.#released.has(payload)) throw new Error(`chunk ${index} is used after its release`);
  }

  /** Does what the machine wants, and tells it in a while what came of it. */
  perform(effect: ContentEffect): void {
    const { content } = this.#world;
    const { disk } = this.#host;
    switch (effect.type) {
      case "produce-chunk":
        return this.#produce(effect.index);
      case "hash-session": {
        const sessionHash = simulatedSessionHash(effect.pages, content.totalBytes);
        return this.#later({ type: "session-hashed", sessionHash });
      }
      case "verify-chunk": {
        const { connection, index, hash, payload } = effect;
        this.#released.delete(payload); // hosts share their payloads here: it came once more
        const isIntact = isSame(content.hashOf(index, payload), hash);
        return this.#later({ type: "chunk-verified", connection, index, payload, isIntact }, 0);
      }
      case "release-chunk":
        this.#released.add(effect.payload);
        return;
      case "store-chunk": {
        const { index, payload } = effect;
        this.checkUse(index, payload);
        this.#checkLength(index, payload);
        const error = disk.write(index, payload);
        const event: PeerEvent =
          error === undefined ? { type: "chunk-stored", index } : { type: "failed", error };
        return this.#later(event);
      }
      case "end-stream":
        this.#endedBytes = effect.totalBytes;
        return;
      case "load-chunk": {
        const { index } = effect;
        const payload = this.#host.number === 0 ? content.payloadOf(index) : disk.stored[index];
        // What a disk refused cannot be read either; that it did is on its way to the machine.
        if (payload === undefined && disk.hasFailed) return;
        if (payload === undefined) throw new Error(`chunk ${index} is loaded but was not stored`);
        // Another object, of which nothing was released yet; the same bytes.
        return this.#later({ type: "chunk-loaded", index, payload: payload.subarray() });
      }
      case "check-leftover": {
        const { index, hash } = effect;
        const found = content.hashOf(index, disk.stored[index] ?? new Uint8Array());
        const isIntact = isSame(found, hash);
        return this.#later({ type: "leftover-checked", index, isIntact });
      }
      case "open-manifest":
        return this.#openManifest(effect.manifest);
      case "land":
        return this.#land(effect.pages, effect.sessionHash);
    }
  }

  /** One chunk after the other, as a source gives them. */
  #produce(index: number): void {
    const { content, pauses, timeline } = this.#world;
    this.#sourceAt = Math.max(this.#sourceAt, timeline.now) + (pauses.get(index) ?? 0);
    const delayMs = this.#sourceAt - timeline.now;
    const { chunkCount, totalBytes } = content;
    if (index === chunkCount) this.#later({ type: "stream-ended", totalBytes }, delayMs);
    if (index >= chunkCount) return;
    const payload = content.payloadOf(index);
    const hash = content.hashOf(index, payload);
    this.#later({ type: "chunk-produced", index, hash, payload }, delayMs);
  }

  #openManifest(manifest: Uint8Array): void {
    const isWhole = manifest.every((byte, place) => byte === this.#world.content.manifest[place]);
    if (isWhole)
      return this.#later({
        type: "manifest-opened",
        sizes: this.#world.sizes,
        leftovers: this.#findLeftovers(),
      });
    const error = new PalmTreeError("manifest-invalid", "another manifest than promised");
    return this.#later({ type: "failed", error });
  }

  #land(pages: readonly Uint8Array[], sessionHash: Uint8Array): void {
    const totalBytes = this.#endedBytes ?? this.#world.content.totalBytes;
    const expected = simulatedSessionHash(pages, totalBytes);
    const isWhole = expected.every((byte, place) => byte === sessionHash[place]);
    if (isWhole) this.#host.landedAtMs = this.#world.timeline.now;
    if (isWhole) return this.#later({ type: "landed" });
    const error = new PalmTreeError("content-mismatch", "another session hash than received");
    return this.#later({ type: "failed", error });
  }

  #findLeftovers(): Bitmap {
    const { chunkCount } = this.#world.content;
    if (this.#world.sizes.isOpen === true) return new Bitmap(0);
    const found = new Bitmap(chunkCount);
    for (let index = 0; index < chunkCount; index += 1) {
      this.#host.disk.stored[index] ??= this.#world.leftoverOf(this.#host, index);
      if (this.#host.disk.stored[index] !== undefined) found.set(index);
    }
    return found;
  }

  /** Before the end of a stream is known, what is stored is laid out as full chunks. */
  #checkLength(index: number, payload: Uint8Array): void {
    const { sizes, content } = this.#world;
    if (sizes.isOpen !== true || this.#endedBytes !== undefined) return;
    if (payload.length !== content.chunkSizeBytes)
      throw new Error(
        `chunk ${index} of ${payload.length} bytes is stored before the end is known`,
      );
  }
}
