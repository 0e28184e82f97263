import type { Failure } from "../failure.js";

/**
 * What `palmtree receive --json` prints, an object on a line. Scripts depend on it:
 * apps/cli/README.md has an example of each, and fields are only ever added.
 */
export type ReceiveEvent =
  | {
      readonly type: "listening";
      /** An IP address. */
      readonly address: string;
      readonly port: number;
      readonly dir: string;
    }
  | {
      /** The sender that was asked with --join has taken this peer in. */
      readonly type: "joined";
      readonly session: string;
      readonly name: string;
      readonly from: string;
    }
  | {
      /** The names and sizes of a session's files are known. */
      readonly type: "started";
      readonly session: string;
      readonly name: string;
      readonly from: string;
      readonly files: number;
      /** Null for a stream: nobody knows before its end. */
      readonly bytes: number | null;
    }
  | {
      readonly type: "progress";
      readonly session: string;
      /** Of all files, verified and on this machine's disk. */
      readonly bytes: number;
      /** Null as long as the length of a stream is not known. */
      readonly totalBytes: number | null;
    }
  | ({
      /** A neighbour broke the rules. */
      readonly type: "blamed";
      readonly session: string;
      /** The neighbour's number in the session; 0 is the sender. */
      readonly number: number;
    } & Failure)
  | {
      /** Everything stands under its final name; the session goes on for the neighbours. */
      readonly type: "landed";
      readonly session: string;
      readonly files: number;
      readonly skipped: readonly string[];
      readonly renamed: readonly Renamed[];
      readonly bytes: number;
      readonly seconds: number;
    }
  | ReceiveResult
  | ({ readonly type: "error" } & Failure);

/** Something at the top of what was sent that landed under another name. */
interface Renamed {
  readonly name: string;
  readonly landedAs: string;
}

/** A session is over here. */
interface ReceiveResult {
  readonly type: "result";
  readonly status: "complete" | "failed";
  /** Undefined where there was none. */
  readonly session?: string;
  readonly name?: string;
  readonly from?: string;
  readonly files: number;
  /** Names at the top of what was sent that did not land, since something else has them. */
  readonly skipped: readonly string[];
  /** What landed under another name, since something else has its own. */
  readonly renamed: readonly Renamed[];
  /** Verified here, whether they came or were here before. */
  readonly bytes: number;
  /** Of these, bytes that were here before. */
  readonly resumedBytes: number;
  /** Payload bytes that came although they were here already. */
  readonly duplicateBytes: number;
  readonly seconds: number;
  readonly error?: Failure;
}
