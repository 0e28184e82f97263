import type { SessionId, Strategy } from "@palmtree/wire";

/** What an invitation promises about the content. */
export interface Promised {
  readonly session: SessionId;
  readonly strategy: Strategy;
  readonly chunkCount: number;
  readonly chunkSizeBytes: number;
  readonly totalBytes: number;
  readonly manifestBytes: number;
}
