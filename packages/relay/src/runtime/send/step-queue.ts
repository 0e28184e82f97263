import type { SenderStep } from "./sender-step.js";

/**
 * Steps on their way to one reader that may be slow. Of each peer's progress only the newest is
 * kept; nothing else is lost, so what waits is bounded by the number of peers and their events.
 */
export class StepQueue {
  #waiting: { step: SenderStep }[] = [];
  /** By peer, its progress that waits. */
  readonly #progress = new Map<number, { step: SenderStep }>();
  #end: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  push(step: SenderStep): void {
    if (this.#end !== undefined) return;
    if (step.type === "progress") {
      const older = this.#progress.get(step.number);
      if (older !== undefined) {
        older.step = step;
        return;
      }
    }
    const place = { step };
    if (step.type === "progress") this.#progress.set(step.number, place);
    this.#waiting.push(place);
    this.#wake?.();
  }

  /** No step follows. What waits is still delivered. */
  end(): void {
    this.#end ??= {};
    this.#wake?.();
  }

  /** Nothing is delivered any more but this error. */
  fail(error: unknown): void {
    this.#waiting = [];
    this.#end = { error };
    this.#wake?.();
  }

  /** The next steps, at least one, in order; none when no more will come. One reader only. */
  async take(): Promise<readonly SenderStep[]> {
    while (this.#waiting.length === 0 && this.#end === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    if (this.#end !== undefined && "error" in this.#end) throw this.#end.error;
    const taken = this.#waiting;
    this.#waiting = [];
    this.#progress.clear();
    return taken.map(({ step }) => step);
  }
}
