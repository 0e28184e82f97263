import type { Promised } from "./promised.js";

/** What is sent. */
export type SourceShape =
  /** One file; `sparse` ones hold hardly a byte on disk. */
  | { readonly type: "file"; readonly sizeBytes: number; readonly isSparse: boolean }
  /** A directory of small files, none larger than `fileSizeBytesMax`. */
  | { readonly type: "files"; readonly fileCount: number; readonly fileSizeBytesMax: number };

/** Something simple that does the same work, measured in the same run for comparison. */
export type Baseline = "cp" | "plain-tcp";

/** Strangers that say all they can to a receiver and to the sender. */
export interface Flooding {
  /** Those of all strangers, to all that are flooded. */
  readonly datagramsPerSecond: number;
  /** How many processes share that. */
  readonly strangerCount: number;
  /** How long a receiver that nobody sends to is flooded. */
  readonly idleMs: number;
}

/** One benchmark: something sent to some receivers, and what is promised of it. */
export interface Scenario {
  readonly name: string;
  /** A sentence for people. */
  readonly about: string;
  readonly source: SourceShape;
  readonly receiverCount: number;
  /** Arguments of `palmtree send` beside paths and receivers. */
  readonly sendArguments: readonly string[];
  readonly baselines: readonly Baseline[];
  /** If there are strangers, the group has a key, and the same transfer is made without them first. */
  readonly flooding?: Flooding;
  readonly promises: readonly Promised[];
  /** How long any process of a run may live. */
  readonly timeoutMs: number;
  /** Whether it runs when no scenario is named. */
  readonly isDefault: boolean;
}

/** A file system's block: what the smallest file takes. */
const blockBytes = 4_096;

/** Bytes that a run takes of the disk at most: the source and all copies. */
export function neededBytes({ source, receiverCount }: Scenario): number {
  const copyBytes =
    source.type === "file"
      ? source.sizeBytes
      : source.fileCount * Math.ceil(source.fileSizeBytesMax / blockBytes) * blockBytes;
  const sourceBytes = source.type === "file" && source.isSparse ? 0 : copyBytes;
  return sourceBytes + receiverCount * copyBytes;
}
