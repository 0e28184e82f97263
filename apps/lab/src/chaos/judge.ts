/** Something that was promised, and what was seen. */
export interface Claim {
  /** A phrase for people: `host-3: bytes received, in copies`. */
  readonly what: string;
  readonly seen: string;
  /** What was promised; undefined: it is only told. */
  readonly promised: string | undefined;
  readonly isHeld: boolean;
}

/** Collects what a scenario promises and what came of it. */
export class Judge {
  readonly #claims: Claim[] = [];

  get claims(): readonly Claim[] {
    return this.#claims;
  }

  /** It must be exactly so. */
  exactly(what: string, seen: unknown, promised: unknown): void {
    const [shown, wanted] = [show(seen), show(promised)];
    this.#claims.push({ what, seen: shown, promised: wanted, isHeld: shown === wanted });
  }

  /** A number must not be larger; undefined, for what never came, is. */
  atMost(what: string, seen: number | undefined, most: number): void {
    const isHeld = seen !== undefined && seen <= most;
    const shown = seen === undefined ? "never" : format(seen);
    this.#claims.push({ what, seen: shown, promised: `≤ ${format(most)}`, isHeld });
  }

  /** A number that nobody has promised anything about. */
  tell(what: string, seen: number | string | undefined): void {
    const shown = typeof seen === "number" ? format(seen) : (seen ?? "never");
    this.#claims.push({ what, seen: shown, promised: undefined, isHeld: true });
  }
}

function format(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}

function show(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
