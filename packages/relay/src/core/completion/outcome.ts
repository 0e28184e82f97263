import {
  type Report,
  type ReportStatus,
  reportStatement,
  type SessionId,
  truncateUtf8,
  wireLimits,
} from "@palmtree/wire";
import type { Context } from "../context.js";

/** How a receiver itself has ended, once it has. */
export class Outcome {
  readonly #context: Context;
  readonly #session: SessionId;
  #status: ReportStatus | undefined;
  #startedAt: number | undefined;

  constructor(context: Context, session: SessionId) {
    this.#context = context;
    this.#session = session;
  }

  get status(): ReportStatus | undefined {
    return this.#status;
  }

  /** The first event has come. @returns false when it had come before */
  start(): boolean {
    if (this.#startedAt !== undefined) return false;
    this.#startedAt = this.#context.now;
    return true;
  }

  /** @returns what the root is to be told; undefined when it was told something already */
  conclude(
    status: ReportStatus,
    { detail, links, ...fields }: Pick<Report, "number" | "bytes" | "code" | "detail" | "links">,
  ): Report | undefined {
    if (this.#status !== undefined) return undefined;
    this.#status = status;
    const { now, cryptography } = this.#context;
    return {
      type: "report",
      ...fields,
      status,
      durationMs: Math.round(now - (this.#startedAt ?? now)),
      detail: truncateUtf8(detail, wireLimits.reportDetailBytes),
      links: links.slice(0, wireLimits.reportLinks),
      publicKey: cryptography.publicKey,
      signature: cryptography.sign(reportStatement(this.#session, { ...fields, status })),
    };
  }
}

/** What a receiver says that has waited for `timeoutMs` in vain. */
export function whyGivenUp(
  isAttached: boolean,
  timeoutMs: number,
): { readonly code: "timed-out" | "root-lost"; readonly message: string } {
  const seconds = timeoutMs / 1_000;
  if (isAttached) return { code: "timed-out", message: `nothing arrived for ${seconds} s` };
  return { code: "root-lost", message: `no way to the root was found within ${seconds} s` };
}
