import type { FilesReceiver, ReceiveResult as RelayResult, Step } from "@palmtree/relay";
import type { Failure } from "../failure.js";
import { roundSeconds } from "../output/text.js";
import type { ReceiveEvent } from "./receive-event.js";

/**
 * Turns what a relay tells into the command's events. Progress is looked at, and told, when
 * {@link ReceiveStory.tick} is called.
 */
export class ReceiveStory {
  readonly #emit: (event: ReceiveEvent) => void;
  /** Transfers that are under way, with the bytes that were told last. */
  readonly #receiving = new Map<FilesReceiver, number>();

  constructor(emit: (event: ReceiveEvent) => void) {
    this.#emit = emit;
  }

  onStart(receiver: FilesReceiver): void {
    const { session, name, from, fileItems, totalBytes: bytes = null } = receiver;
    this.#receiving.set(receiver, 0);
    this.#emit({ type: "started", session, name, from, files: fileItems.length, bytes });
    void receiver.result.then((result) => this.#onResult(receiver, result));
  }

  onStep({ session }: FilesReceiver, step: Step): void {
    if (step.type !== "blamed") return;
    const { type, number, code, message } = step;
    this.#emit({ type, session, number, code, message });
  }

  onEnd({ session, name, from }: FilesReceiver, result: RelayResult): void {
    const { status, files, skipped, renamed, bytes, resumedBytes, duplicateBytes, error } = result;
    const seconds = roundSeconds(result.seconds);
    const counts = { files, skipped, renamed, bytes, resumedBytes, duplicateBytes, seconds };
    const base = { status, session, name, from, ...counts };
    this.#emit({ type: "result", ...base, ...(error === undefined ? {} : { error }) });
  }

  /** There was no session, and there will be none. */
  fail(error: Failure, { isLast }: { readonly isLast: boolean }): void {
    this.#emit({ type: "error", ...error });
    if (!isLast) return;
    const nothing = {
      files: 0,
      skipped: [],
      renamed: [],
      bytes: 0,
      resumedBytes: 0,
      duplicateBytes: 0,
      seconds: 0,
    };
    this.#emit({ type: "result", status: "failed", ...nothing, error });
  }

  /** Tells how far the transfers are, those that got on. */
  tick(): void {
    for (const [receiver, before] of this.#receiving) {
      const { session, bytesReceived: bytes, totalBytes = null } = receiver;
      if (bytes === before) continue;
      this.#receiving.set(receiver, bytes);
      this.#emit({ type: "progress", session, bytes, totalBytes });
    }
  }

  #onResult(receiver: FilesReceiver, result: RelayResult): void {
    this.#receiving.delete(receiver);
    if (result.status !== "complete") return;
    const { files, skipped, renamed, bytes } = result;
    const seconds = roundSeconds(result.seconds);
    const { session } = receiver;
    this.#emit({ type: "landed", session, files, skipped, renamed, bytes, seconds });
  }
}
