import {
  type HashPage,
  pageStatement,
  type Seal,
  type SessionId,
  sealStatement,
} from "@palmtree/wire";
import type { Context } from "../context.js";

/**
 * What only the root can say: which hashes the chunks have, and what the whole is. The root signs
 * that, and everybody else verifies it before keeping it or passing it on, so that whoever passes on
 * something else has made it up.
 */
export class Statements {
  readonly #context: Context;
  readonly #session: SessionId;

  constructor(context: Context, session: SessionId) {
    this.#context = context;
    this.#session = session;
  }

  /** Root: state which hashes the chunks from `firstChunk` on have. */
  page(firstChunk: number, payload: Uint8Array): HashPage {
    const statement = pageStatement(this.#session, { firstChunk, payload });
    const signature = this.#context.cryptography.sign(statement);
    return { type: "hashes", firstChunk, signature, payload };
  }

  /** Root: state what the whole is. */
  seal(sessionHash: Uint8Array, totalBytes: number): Seal {
    const statement = sealStatement(this.#session, { sessionHash, totalBytes });
    const signature = this.#context.cryptography.sign(statement);
    return { type: "seal", sessionHash, totalBytes, signature };
  }

  /** Whether the root has said so. */
  readonly isOfRoot = (said: HashPage | Seal): boolean => {
    const statement =
      said.type === "seal"
        ? sealStatement(this.#session, said)
        : pageStatement(this.#session, said);
    return this.#context.cryptography.verify(statement, said.signature);
  };
}
