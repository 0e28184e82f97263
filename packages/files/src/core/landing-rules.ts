import { manifestLimits } from "./limits.js";
import { type PathRule, pathRules } from "./path-rules.js";

/**
 * Everything for which what another machine sends is refused before a byte of it is written: one
 * table, and nothing is refused for a reason that is not in it. The rules about paths carry their
 * own check, and `ManifestCheck` has the others, which are about several values at once.
 */

/** A rule that a manifest must not break. */
export interface LandingRule {
  /** A stable name: `rule` in the facts of a `manifest-invalid`. */
  readonly name: string;
  /** What the rule looks at. */
  readonly scope: PathRule["scope"] | "entry" | "link" | "manifest";
  /** What is refused. */
  readonly refuses: string;
  /** What it could do, or where it would mean something else. */
  readonly why: string;
}

const { entryCount, chunkCount, manifestBytes, modifiedMs } = manifestLimits;

/** The name of a rule that is not about a path alone. */
export type ManifestRuleName =
  | "encoding"
  | "version"
  | "manifest-size"
  | "session-name"
  | "chunk-size"
  | "entry-count"
  | "kind"
  | "size"
  | "no-content"
  | "chunk-count"
  | "mode"
  | "time"
  | "stream"
  | "order"
  | "parent"
  | "collision"
  | "link-leaves"
  | "link-through-link";

const manifestRules: Readonly<Record<ManifestRuleName, Omit<LandingRule, "name">>> = {
  encoding: {
    scope: "manifest",
    refuses:
      "bytes that are not a manifest's one encoding: cut off, followed by others, nested otherwise, longer than need be, not UTF-8",
    why: "Two peers could read two things in it; lengths of what is not there would take memory.",
  },
  version: {
    scope: "manifest",
    refuses: "a version that is not known",
    why: "Nobody knows what it means.",
  },
  "manifest-size": {
    scope: "manifest",
    refuses: `more than ${manifestBytes} bytes`,
    why: "It is held in memory.",
  },
  "session-name": {
    scope: "manifest",
    refuses: "a session's name that is too long, or not safe to print",
    why: "It is shown to people.",
  },
  "chunk-size": {
    scope: "manifest",
    refuses: "chunks smaller or larger than is allowed",
    why: "Small ones cost work and memory each, large ones memory.",
  },
  "entry-count": {
    scope: "manifest",
    refuses: `more than ${entryCount} entries`,
    why: "Each costs memory and time, and an inode.",
  },
  kind: {
    scope: "entry",
    refuses: "what is not a file, a directory, a symbolic link or a stream: a device, a pipe",
    why: "A device or a pipe does things when it is opened.",
  },
  size: {
    scope: "entry",
    refuses: "sizes that are not integers from 0 to 2^53 - 1",
    why: "Sums and offsets would be wrong, or not numbers.",
  },
  "no-content": {
    scope: "entry",
    refuses: "a size where there is no content: of a directory, a link, a stream",
    why: "Chunks would be awaited that belong to no file.",
  },
  "chunk-count": {
    scope: "entry",
    refuses: `files that have more than ${chunkCount} chunks together`,
    why: "Each costs memory. Since there are no more, sums of sizes do not overflow.",
  },
  mode: {
    scope: "entry",
    refuses: "a mode with more than permissions: set-uid, set-gid, sticky",
    why: "A program would run as somebody else.",
  },
  time: {
    scope: "entry",
    refuses: `times that are not integers from 0 to ${modifiedMs}`,
    why: "No date holds them.",
  },
  stream: {
    scope: "entry",
    refuses: "a stream beside other entries",
    why: "Chunks behind it would have no numbers.",
  },
  order: {
    scope: "entry",
    refuses: "paths out of order, or twice",
    why: "One set of files has one manifest, and a file is written once.",
  },
  parent: {
    scope: "entry",
    refuses: "an entry in what is not a directory of the manifest: in a file, in a link",
    why: "A file would have to be a directory too; through a link it would be written elsewhere.",
  },
  collision: {
    scope: "entry",
    refuses: "two paths that are one name on some system: case, Unicode, characters not seen",
    why: "One would be written over the other.",
  },
  "link-leaves": {
    scope: "link",
    refuses: "a link that leads out of the top entry that it is in",
    why: "Whoever opens it later would read or write elsewhere.",
  },
  "link-through-link": {
    scope: "link",
    refuses: "a link whose way leads through another link",
    why: "Where it leads could not be read from it.",
  },
};

/** All rules. A path's come in the order in which they are tried. */
export const landingRules: readonly LandingRule[] = [
  ...pathRules.map(({ name, scope, sentence, why }) => ({ name, scope, refuses: sentence, why })),
  ...Object.entries(manifestRules).map(([name, rule]) => ({ name, ...rule })),
];
