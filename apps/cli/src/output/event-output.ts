import { JsonLines } from "./json-lines.js";

/** Shows events to people. */
export interface EventView<E> {
  show(event: E): void;
}

/** Tells a command's events: to people, and where they ask for it to scripts. */
export class EventOutput<E extends { readonly type: string }> {
  readonly #view: EventView<E>;
  readonly #json: JsonLines | undefined;

  /** @param onClosed - called when scripts asked for events and read them no more */
  constructor(
    view: EventView<E>,
    { json, onClosed }: { readonly json: boolean; readonly onClosed: () => void },
  ) {
    this.#view = view;
    this.#json = json ? new JsonLines(process.stdout, onClosed) : undefined;
  }

  /** Whether events that are replaced by later ones anyway had better be left out now. */
  get isBehind(): boolean {
    return this.#json?.isBehind === true;
  }

  /** Once nobody reads the events any more, the rest is silence. */
  readonly emit = (event: E): void => {
    this.#json?.write(event);
    if (this.#json?.isClosed !== true) this.#view.show(event);
  };
}
