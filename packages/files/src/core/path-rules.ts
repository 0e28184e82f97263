import { manifestLimits } from "./limits.js";
import { utf8Length } from "./utf8.js";

/**
 * Names that come from another machine. A path in a manifest is relative, its components are
 * separated by "/", and it must mean one and the same thing on every system that may receive it:
 * the rules are the same everywhere, so that a session fails at the sender, before it began,
 * rather than at the one receiver that runs another system.
 *
 * Names are kept as they are: nothing is normalised, replaced or cut.
 */

/** A rule that a path must not break. */
export interface PathRule {
  /** A stable name, for tests and reports; `landingRules` has them all. */
  readonly name: string;
  /** What the rule looks at: the whole path, or each of its components. */
  readonly scope: "path" | "component";
  /** Whether the path or component breaks the rule. */
  readonly isBrokenBy: (text: string) => boolean;
  /** What is wrong, to follow the path or the component in a sentence. */
  readonly sentence: string;
  /** What it could do, or where it would mean something else. */
  readonly why: string;
}

/** Characters that drive a terminal, or break a line. */
export const CONTROL: RegExp = /[\p{Control}\u2028\u2029]/u;
/** Characters that reverse the direction of text. */
export const BIDI: RegExp = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
/** In Unicode mode a surrogate matches only where it has no partner. */
export const LONE_SURROGATE: RegExp = /\p{Surrogate}/u;
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³])[ ]*(\.|$)/i;

/** All rules, in the order in which they are tried. */
export const pathRules: readonly PathRule[] = [
  {
    name: "empty",
    scope: "path",
    isBrokenBy: (path) => path === "",
    sentence: "is empty",
    why: "It would be the destination itself.",
  },
  {
    name: "path-too-long",
    scope: "path",
    isBrokenBy: (path) =>
      path.length * 3 > manifestLimits.pathBytes && utf8Length(path) > manifestLimits.pathBytes,
    sentence: `is longer than ${manifestLimits.pathBytes} bytes of UTF-8`,
    why: "Linux takes no longer one: it would fail halfway through, on some receivers.",
  },
  {
    name: "absolute",
    scope: "path",
    isBrokenBy: (path) => path.startsWith("/"),
    sentence: "is absolute",
    why: "It would leave the destination.",
  },
  {
    name: "network-share",
    scope: "path",
    isBrokenBy: (path) => path.startsWith("\\\\"),
    sentence: "names a network share",
    why: "Windows would go to another machine for it.",
  },
  {
    name: "drive-letter",
    scope: "path",
    isBrokenBy: (path) => /^[a-z]:/i.test(path),
    sentence: "begins with a drive letter",
    why: "Windows would leave the destination.",
  },
  {
    name: "path-too-deep",
    scope: "path",
    isBrokenBy: (path) =>
      path.split("/", manifestLimits.pathDepth + 1).length > manifestLimits.pathDepth,
    sentence: `has more than ${manifestLimits.pathDepth} components`,
    why: "Walking it takes a file descriptor or a stack frame for each, on whatever system.",
  },
  {
    name: "empty-component",
    scope: "component",
    isBrokenBy: (name) => name === "",
    sentence: "is an empty component",
    why: "Systems drop it, so two different paths would be one.",
  },
  {
    name: "dot-component",
    scope: "component",
    isBrokenBy: (name) => name === "." || name === "..",
    sentence: "means this or the parent directory",
    why: "It would leave the destination, or be another name for the same.",
  },
  {
    name: "backslash",
    scope: "component",
    isBrokenBy: (name) => name.includes("\\"),
    sentence: "has a backslash, which separates components on Windows",
    why: "What is one name here would be a path on Windows, out of the destination maybe.",
  },
  {
    name: "control-character",
    scope: "component",
    isBrokenBy: (name) => CONTROL.test(name),
    sentence: "has a control character",
    why: "NUL ends a name early; others drive the terminal of whoever lists the directory.",
  },
  {
    name: "bidi-control",
    scope: "component",
    isBrokenBy: (name) => BIDI.test(name),
    sentence: "has a character that reverses the direction of text",
    why: "What a person reads is not what is there: `gpj.exe` for `exe.jpg`.",
  },
  {
    name: "lone-surrogate",
    scope: "component",
    isBrokenBy: (name) => LONE_SURROGATE.test(name),
    sentence: "is not well-formed Unicode",
    why: "It has no UTF-8: systems would put something else there, the same for many.",
  },
  {
    name: "component-too-long",
    scope: "component",
    isBrokenBy: (name) =>
      name.length * 3 > manifestLimits.componentBytes &&
      utf8Length(name) > manifestLimits.componentBytes,
    sentence: `is longer than ${manifestLimits.componentBytes} bytes of UTF-8`,
    why: "Common file systems take no longer one: it would fail on some receivers.",
  },
  {
    name: "alternate-stream",
    scope: "component",
    isBrokenBy: (name) => name.includes(":"),
    sentence: "has a colon, which names a stream of a file on Windows",
    why: "Windows would hide the content behind another file, or write to that one.",
  },
  {
    name: "device-name",
    scope: "component",
    isBrokenBy: (name) => DEVICE.test(name),
    sentence: "is a device on Windows",
    why: "Windows would write to the device.",
  },
  {
    name: "surrounding-space",
    scope: "component",
    isBrokenBy: (name) => name !== name.trim(),
    sentence: "begins or ends with a space",
    why: "Windows drops it at the end, and a person cannot see it: two names would be one.",
  },
  {
    name: "trailing-dot",
    scope: "component",
    isBrokenBy: (name) => name.endsWith("."),
    sentence: "ends with a dot, which Windows drops",
    why: "Two names would be one on Windows.",
  },
  {
    name: "staging-name",
    scope: "component",
    isBrokenBy: (name) => /^\.palmtree-/i.test(name),
    sentence: "is reserved for transfers under way",
    why: "It could be mistaken for what an earlier transfer left, and be removed or gone on with.",
  },
];
