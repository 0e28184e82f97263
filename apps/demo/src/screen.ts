import pc from "picocolors";

/** Where the demo is shown. */
export interface ScreenStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Lines, and on a terminal a live line below them. */
export class Screen {
  readonly colors: ReturnType<typeof pc.createColors>;
  /** Whether a live line is shown; where it is not, progress needs lines of its own. */
  readonly isLive: boolean;
  readonly #stream: ScreenStream;
  #live = "";

  constructor(stream: ScreenStream, env: NodeJS.ProcessEnv) {
    this.#stream = stream;
    this.isLive = stream.isTTY === true && env.TERM !== "dumb";
    const hasColors = env.NO_COLOR === undefined || env.NO_COLOR === "";
    this.colors = pc.createColors(this.isLive && hasColors);
  }

  line(text = ""): void {
    const live = this.#live;
    this.live("");
    this.#stream.write(`${text}\n`);
    this.live(live);
  }

  /** Replaces the live line; an empty text removes it. */
  live(text: string): void {
    if (!this.isLive || text === this.#live) return;
    this.#live = text;
    this.#stream.write(`\r\u001b[2K${text}`);
  }
}
