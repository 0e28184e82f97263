import { escapeForTerminal } from "@palmtree/files";
import pc from "picocolors";
import type { Failure } from "../failure.js";

type Colors = ReturnType<typeof pc.createColors>;

/** Where people are told what happens: stderr, which stays free of what scripts read. */
export interface MessageStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * Lines for people, and below them on a terminal one live line that is written again and again.
 * Whatever a text holds is made safe to print here, last of all, so that no name and no peer's word
 * can move the cursor or look like another line.
 */
export class Messages {
  readonly colors: Colors;
  readonly #stream: MessageStream;
  readonly #isQuiet: boolean;
  readonly #isTerminal: boolean;
  #live = "";

  constructor(
    stream: MessageStream,
    options: {
      /** Only warnings and errors. */
      readonly quiet?: boolean;
    },
    env: NodeJS.ProcessEnv,
  ) {
    this.#stream = stream;
    this.#isQuiet = options.quiet === true;
    this.#isTerminal = stream.isTTY === true && env.TERM !== "dumb";
    this.colors = pc.createColors(hasColors(this.#isTerminal, env));
  }

  /** Whether a live line is shown at all. */
  get isLive(): boolean {
    return this.#isTerminal && !this.#isQuiet;
  }

  /** @param style - colours it */
  line(text: string, style: (text: string) => string = String): void {
    if (!this.#isQuiet) this.#write(style(escapeForTerminal(text)));
  }

  /** A line of a table, as `layOut` makes it: safe to print, with colours. */
  row(line: string): void {
    if (!this.#isQuiet) this.#write(line);
  }

  warn(text: string): void {
    this.#write(`palmtree: ${this.colors.yellow("warning:")} ${escapeForTerminal(text)}`);
  }

  /** What should not happen is told with where it did, on indented lines. */
  error({ code, message }: Failure): void {
    const [first = "", ...trace] = code === "internal" ? message.split("\n") : [message];
    this.#write(`palmtree: ${this.colors.red(escapeForTerminal(first))}`);
    for (const line of trace) this.#write(`    ${escapeForTerminal(line.trim())}`);
  }

  /** Replaces the live line; an empty text removes it. */
  live(text: string): void {
    if (!this.isLive) return;
    const width = Math.max(20, (this.#stream.columns ?? 80) - 1);
    const shown = escapeForTerminal(text).slice(0, width);
    if (shown === this.#live) return;
    this.#live = shown;
    this.#stream.write(`\r\u001b[2K${shown}`);
  }

  #write(text: string): void {
    const live = this.#live;
    this.live("");
    this.#stream.write(`${text}\n`);
    this.live(live);
  }
}

/** See no-color.org; colours are off where nobody is known to see them. */
function hasColors(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  const forced = env.FORCE_COLOR;
  return forced !== undefined && forced !== "" ? forced !== "0" : isTerminal;
}
