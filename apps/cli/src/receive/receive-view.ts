import type { Messages } from "../output/messages.js";
import { RateMeter } from "../output/rate-meter.js";
import { count, formatBytes, formatRate, formatSeconds } from "../output/text.js";
import type { ReceiveEvent } from "./receive-event.js";

type EventOf<T extends ReceiveEvent["type"]> = Extract<ReceiveEvent, { readonly type: T }>;

interface Incoming {
  readonly name: string;
  readonly rate: RateMeter;
  bytes: number;
  /** Null as long as the length of a stream is not known. */
  totalBytes: number | null;
  bytesPerSecond: number;
}

/** Shows a person what comes in. */
export class ReceiveView {
  readonly #messages: Messages;
  /** By session, the transfers that are under way. */
  readonly #incoming = new Map<string, Incoming>();

  constructor(messages: Messages) {
    this.#messages = messages;
  }

  show(event: ReceiveEvent): void {
    switch (event.type) {
      case "listening":
        return this.#onListening(event);
      case "joined":
        return this.#messages.line(`Joined ${event.name} at ${event.from}`);
      case "started":
        return this.#onStarted(event);
      case "progress":
        return this.#onProgress(event);
      case "blamed":
        return this.#complain(`peer ${event.number} is cut off: ${event.message}`);
      case "landed":
        return this.#onLanded(event);
      case "result":
        return this.#onResult(event);
      case "error":
        this.#messages.live("");
        return this.#messages.error(event);
    }
  }

  #onListening({ address, port, dir }: EventOf<"listening">): void {
    const place = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
    this.#messages.line(`Listening on ${place}, receiving into ${dir}`);
  }

  #onStarted({ session, name, from, files, bytes }: EventOf<"started">): void {
    const rate = new RateMeter();
    this.#incoming.set(session, {
      name,
      rate,
      bytes: 0,
      totalBytes: bytes,
      bytesPerSecond: 0,
    });
    const what = bytes === null ? "a stream" : `${count(files, "file")}, ${formatBytes(bytes)}`;
    this.#messages.line(`Receiving ${name} (${what}) from ${from}`);
  }

  #onProgress({ session, bytes, totalBytes }: EventOf<"progress">): void {
    const incoming = this.#incoming.get(session);
    if (incoming === undefined) return;
    incoming.bytes = bytes;
    incoming.totalBytes = totalBytes;
    incoming.bytesPerSecond = incoming.rate.add(bytes, performance.now());
    this.#showProgress();
  }

  #onLanded({ session, files, skipped, renamed, bytes, seconds }: EventOf<"landed">): void {
    const name = this.#incoming.get(session)?.name ?? "";
    this.#incoming.delete(session);
    this.#showProgress();
    const took = `${formatSeconds(seconds)} (${formatRate(bytes, seconds)})`;
    const what = `${count(files, "file")}, ${formatBytes(bytes)} in ${took}`;
    const text = `Received ${name}: ${what}; serving its neighbours until the session ends`;
    this.#messages.line(text, this.#messages.colors.green);
    for (const kept of skipped) this.#complain(`Skipped ${kept}: something else has this name`);
    for (const { name: sent, landedAs } of renamed)
      this.#complain(`${sent} is ${landedAs} here: something else has its name`);
  }

  #onResult({ session = "", status, name = "", error }: EventOf<"result">): void {
    this.#incoming.delete(session);
    this.#showProgress();
    if (session === "") return; // its error is shown
    if (status === "complete") return this.#messages.line(`The session of ${name} is over`);
    const why = error === undefined ? "" : `: ${error.code}: ${error.message}`;
    this.#complain(`Did not receive ${name}${why}`);
  }

  #complain(text: string): void {
    this.#messages.line(text, this.#messages.colors.yellow);
  }

  #showProgress(): void {
    const shown = [...this.#incoming.values()].map(
      ({ name, bytes, totalBytes, bytesPerSecond }) => {
        const far = totalBytes === null ? formatBytes(bytes) : formatShare(bytes, totalBytes);
        return `${far}  ${formatRate(bytesPerSecond, 1)}  ${name}`;
      },
    );
    this.#messages.live(shown.join("   "));
  }
}

function formatShare(bytes: number, totalBytes: number): string {
  const percent = totalBytes === 0 ? 100 : Math.floor((100 * bytes) / totalBytes);
  return `${percent} %`.padStart(5);
}
