import type { SenderStep } from "./sender-step.js";

/**
 * Steps on their way to one reader that may be slow. Of each peer's progress, and of the
 * efficiency, only the newest is kept; nothing else is lost, so what waits is bounded by the number of peers and their events.
 */
export class StepQueue {
  #waiting: { step: SenderStep }[] = [];
  /** What waits and is replaced by newer of its kind. */
  readonly #newest = new Map<number | "efficiency", { step: SenderStep }>();
  #end: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  push(step: SenderStep): void {
    if (this.#end !== undefined) return;
    const kind = kindOf(step);
    const older = kind === undefined ? undefined : this.#newest.get(kind);
    if (older !== undefined) {
      older.step = step;
      return;
    }
    const place = { step };
    if (kind !== undefined) this.#newest.set(kind, place);
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
    this.#newest.clear();
    return taken.map(({ step }) => step);
  }
}

/** Steps of one kind replace each other: a peer's progress by its number, and the efficiency. */
function kindOf(step: SenderStep): number | "efficiency" | undefined {
  if (step.type === "progress") return step.number;
  return step.type === "efficiency" ? step.type : undefined;
}
