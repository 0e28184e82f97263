import type { Failure } from "../failure.js";
import type { Messages } from "../output/messages.js";
import { RateMeter } from "../output/rate-meter.js";
import { type Cell, layOut } from "../output/table.js";
import {
  count,
  formatBytes,
  formatMilliseconds,
  formatRate,
  formatSeconds,
} from "../output/text.js";
import type { BlamedBy, Efficiency, SendEvent, SendResult } from "./send-event.js";

type EventOf<T extends SendEvent["type"]> = Extract<SendEvent, { readonly type: T }>;

/** Skipped files that are named one by one. */
const mostSkippedNamed = 10;

/** Shows a person how a session goes. */
export class SendView {
  readonly #messages: Messages;
  readonly #rate = new RateMeter();
  /** By address, of the peers that take part and have not failed. */
  readonly #chunksHeld = new Map<string, number>();
  /** Null as long as the length of a stream is not known; then chunks are counted as full. */
  #bytes: number | null = null;
  #chunkSizeBytes = 0;
  #completeCount = 0;
  /** Addresses of all peers, invited or come by themselves. */
  readonly #known = new Set<string>();
  #joinedCount = 0;
  #chunkCount: number | null = null;
  #percentOfLimit: number | undefined;

  constructor(messages: Messages) {
    this.#messages = messages;
  }

  show(event: SendEvent): void {
    switch (event.type) {
      case "scanned":
        return this.#onScanned(event);
      case "listening":
        return; // those who want to know ask for --json, or choose the port with --listen
      case "invited":
        this.#known.add(event.address);
        return this.#showInvitations();
      case "joined":
        return this.#onJoined(event);
      case "declined":
        return; // what follows from it is told when the peer has ended
      case "tree":
        return this.#showProgress();
      case "progress":
        return this.#onProgress(event);
      case "stream-ended":
        this.#bytes = event.bytes;
        this.#chunkCount = event.chunkCount;
        return this.#messages.line(`The stream has ended: ${formatBytes(event.bytes)}`);
      case "plan":
        return;
      case "demoted":
        return this.#complain(event.address, "is slow or silent: others no longer wait for it");
      case "blamed":
        return this.#complain(event.address, `is cut off: ${event.message}`);
      case "accused":
        return this.#complain(event.address, `is cut off by ${event.by}: ${event.message}`);
      case "peer-ended":
        return this.#onPeerEnded(event);
      case "result":
        return this.#onResult(event);
      case "error":
        this.#messages.live("");
        return this.#messages.error(event);
    }
  }

  #onScanned({
    name,
    files,
    bytes,
    chunkCount,
    chunkSizeBytes,
    skipped,
  }: EventOf<"scanned">): void {
    this.#bytes = bytes;
    this.#chunkCount = chunkCount;
    this.#chunkSizeBytes = chunkSizeBytes;
    const size = bytes === null ? "a stream" : `${count(files, "file")}, ${formatBytes(bytes)}`;
    this.#messages.line(`Sending ${name}: ${size}`);
    for (const { path, why } of skipped.slice(0, mostSkippedNamed))
      this.#messages.line(`skipped ${path}: ${why}`);
    const more = skipped.length - mostSkippedNamed;
    if (more > 0) this.#messages.line(`skipped ${more} more`);
  }

  #onJoined({ address, isLate }: EventOf<"joined">): void {
    this.#joinedCount += 1;
    this.#known.add(address);
    this.#chunksHeld.set(address, 0);
    if (isLate === true) this.#messages.line(`${address} joined late`);
    else this.#showInvitations();
  }

  #showInvitations(): void {
    this.#messages.live(`${this.#joinedCount} of ${count(this.#known.size, "peer")} joined`);
  }

  #onProgress({ peers, chunkCount, efficiency }: EventOf<"progress">): void {
    this.#chunkCount = chunkCount;
    this.#percentOfLimit = efficiency?.percent;
    for (const { address, chunksHeld } of peers)
      if (this.#chunksHeld.has(address)) this.#chunksHeld.set(address, chunksHeld);
    this.#showProgress();
  }

  #onPeerEnded({ address, status, error }: EventOf<"peer-ended">): void {
    if (status === "complete") {
      this.#completeCount += 1;
      this.#chunksHeld.set(address, this.#chunkCount ?? 0);
    } else {
      this.#chunksHeld.delete(address);
      this.#complain(address, `failed: ${error?.message ?? "no reason is known"}`);
    }
    this.#showProgress();
  }

  #complain(address: string, problem: string): void {
    this.#messages.line(`${address} ${problem}`, this.#messages.colors.yellow);
  }

  /** The share, or of a stream the bytes, and the rate of the average peer. */
  #showProgress(): void {
    if (!this.#messages.isLive) return;
    const held = [...this.#chunksHeld.values()];
    const sum = held.reduce((total, chunks) => total + chunks, 0);
    const mean = held.length === 0 ? 0 : sum / held.length;
    const share = mean / Math.max(1, this.#chunkCount ?? 0);
    const bytes = this.#bytes === null ? mean * this.#chunkSizeBytes : share * this.#bytes;
    const rate = this.#rate.add(bytes, performance.now());
    const far =
      this.#bytes === null ? formatBytes(bytes) : `${Math.floor(share * 100)} %`.padStart(5);
    const complete = `${this.#completeCount} of ${count(this.#known.size, "peer")} complete`;
    const limit =
      this.#percentOfLimit === undefined ? "" : `${this.#percentOfLimit} % of the limit`;
    this.#messages.live([far, formatRate(rate, 1), limit, complete].filter(Boolean).join("  "));
  }

  #onResult(result: SendResult): void {
    this.#messages.live("");
    const { colors } = this.#messages;
    if (result.peers.length > 0 && result.session !== undefined)
      for (const line of tableOf(result, colors)) this.#messages.row(line);
    const complete = result.peers.filter(({ status }) => status === "complete").length;
    const colour = { complete: colors.green, partial: colors.yellow, failed: colors.red };
    const took = `in ${formatSeconds(result.seconds)}`;
    const summary = `${complete} of ${count(result.peers.length, "peer")} complete ${took}`;
    if (result.session !== undefined) this.#messages.line(summary, colour[result.status]);
    if (result.efficiency !== undefined)
      this.#messages.line(sayHowClose(result.efficiency), colors.dim);
  }
}

function sayHowClose({ percent, bytesPerSecond, bottleneck }: Efficiency): string {
  const rate = formatRate(bytesPerSecond, 1);
  return `${percent} % of what the slowest link allows: ${rate}, at ${bottleneck}`;
}

function tableOf(
  { peers }: SendResult,
  { green, red, dim }: Messages["colors"],
): readonly string[] {
  const columns = [
    { title: "PEER", align: "left" },
    { title: "STATUS", align: "left" },
    { title: "RECEIVED", align: "right" },
    { title: "TIME", align: "right" },
    { title: "RATE", align: "right" },
    { title: "RTT", align: "right" },
    { title: "LOSS", align: "right" },
    { title: "REASON", align: "left" },
  ] as const;
  const rows = peers.map(({ peer, status, bytes, seconds, link, error, blamedBy }): Cell[] => [
    { text: peer },
    { text: status, style: status === "complete" ? green : red },
    { text: formatBytes(bytes) },
    { text: formatSeconds(seconds) },
    { text: status === "complete" ? formatRate(bytes, seconds) : "" },
    { text: formatMilliseconds(link?.roundTripMs) },
    { text: link === undefined ? "" : `${link.lossPercent} %` },
    { text: reasonOf(error, blamedBy) },
  ]);
  const [titles = "", ...lines] = layOut(columns, rows);
  const hasReasons = peers.some(({ error, blamedBy }) => reasonOf(error, blamedBy) !== "");
  return [dim(hasReasons ? titles : titles.replace(/ +REASON$/, "")), ...lines];
}

function reasonOf(error: Failure | undefined, blamedBy: BlamedBy | undefined): string {
  if (error !== undefined) return `${error.code}: ${error.message}`;
  if (blamedBy === undefined) return "";
  return `cut off by ${count(blamedBy.peers.length, "peer")}: ${blamedBy.message}`;
}
