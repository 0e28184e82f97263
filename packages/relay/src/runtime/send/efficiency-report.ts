import type { PeerResult, Step } from "../../core/index.js";
import { EfficiencyMeter, type Measured } from "./efficiency-meter.js";
import type { EfficiencyStep } from "./sender-step.js";

/** Twice a second is as fast as people read. */
const reportMs = 500;

/** What is sent, in chunks. */
export interface MeasuredChunks extends Measured {
  readonly chunkSizeBytes: number;
}

/** Measures a session's efficiency from its steps, and says now and then how it stands. */
export class EfficiencyReport {
  readonly #meter: EfficiencyMeter;
  readonly #sent: MeasuredChunks;
  /** Numbers of those that were there from the start; the others' times say nothing. */
  #punctual: ReadonlySet<number> | undefined;
  #reportAt = 0;
  #final: EfficiencyStep | undefined;

  /** @param startedAt when the sender was started, in milliseconds on the clock of {@link note} */
  constructor(sent: MeasuredChunks, startedAt: number) {
    this.#meter = new EfficiencyMeter(sent);
    this.#meter.start(startedAt);
    this.#sent = sent;
  }

  /** How close it came, by the last peer that completed. */
  get final(): EfficiencyStep | undefined {
    return this.#final;
  }

  /** @returns news for the user, if it is time for some */
  note(step: Step, at: number): EfficiencyStep | undefined {
    if (step.type === "numbered") this.#punctual ??= new Set(step.peers.map((peer) => peer.number));
    if (this.#isLate(step)) return undefined;
    if (step.type === "peer-ended") {
      this.#onPeerEnded(step.result, at);
      return undefined;
    }
    if (step.type !== "progress" || step.chunkCount === 0) return undefined;
    this.#meter.note(step.number, this.#bytesOf(step.chunksHeld, step.chunkCount), at);
    if (at < this.#reportAt) return undefined;
    this.#reportAt = at + reportMs;
    return this.#step(at);
  }

  #isLate(step: Step): boolean {
    const { number } = step.type === "peer-ended" ? step.result : { number: undefined, ...step };
    return typeof number === "number" && this.#punctual?.has(number) === false;
  }

  /** Of files with short ends so many chunks have about this share of all bytes. */
  #bytesOf(chunksHeld: number, chunkCount: number | undefined): number {
    const { totalBytes, chunkSizeBytes } = this.#sent;
    if (totalBytes === undefined || chunkCount === undefined) return chunksHeld * chunkSizeBytes;
    return (totalBytes * chunksHeld) / chunkCount;
  }

  #onPeerEnded({ number, status }: PeerResult, at: number): void {
    if (number === undefined) return;
    if (status !== "complete") return this.#meter.forget(number);
    this.#meter.note(number, this.#sent.totalBytes ?? 0, at);
    this.#final = this.#step(at);
  }

  #step(at: number): EfficiencyStep | undefined {
    const efficiency = this.#meter.at(at);
    return efficiency === undefined ? undefined : { type: "efficiency", ...efficiency };
  }
}
