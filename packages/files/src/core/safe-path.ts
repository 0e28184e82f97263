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
  /** A stable name, for tests and reports. */
  readonly name: string;
  /** What the rule looks at: the whole path, or each of its components. */
  readonly scope: "path" | "component";
  /** Whether the path or component breaks the rule. */
  readonly isBrokenBy: (text: string) => boolean;
  /** What is wrong, to follow the path or the component in a sentence. */
  readonly sentence: string;
}

const CONTROL = /[\p{Control}\u2028\u2029]/u;
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
/** In Unicode mode a surrogate matches only where it has no partner. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³])[ ]*(\.|$)/i;

/** All rules, in the order in which they are tried. */
export const pathRules: readonly PathRule[] = [
  {
    name: "empty",
    scope: "path",
    isBrokenBy: (path) => path === "",
    sentence: "is empty",
  },
  {
    name: "path-too-long",
    scope: "path",
    isBrokenBy: (path) =>
      path.length * 3 > manifestLimits.pathBytes && utf8Length(path) > manifestLimits.pathBytes,
    sentence: `is longer than ${manifestLimits.pathBytes} bytes of UTF-8`,
  },
  {
    name: "absolute",
    scope: "path",
    isBrokenBy: (path) => path.startsWith("/"),
    sentence: "is absolute",
  },
  {
    name: "network-share",
    scope: "path",
    isBrokenBy: (path) => path.startsWith("\\\\"),
    sentence: "names a network share",
  },
  {
    name: "drive-letter",
    scope: "path",
    isBrokenBy: (path) => /^[a-z]:/i.test(path),
    sentence: "begins with a drive letter",
  },
  {
    name: "path-too-deep",
    scope: "path",
    isBrokenBy: (path) =>
      path.split("/", manifestLimits.pathDepth + 1).length > manifestLimits.pathDepth,
    sentence: `has more than ${manifestLimits.pathDepth} components`,
  },
  {
    name: "empty-component",
    scope: "component",
    isBrokenBy: (name) => name === "",
    sentence: "is an empty component",
  },
  {
    name: "dot-component",
    scope: "component",
    isBrokenBy: (name) => name === "." || name === "..",
    sentence: "means this or the parent directory",
  },
  {
    name: "backslash",
    scope: "component",
    isBrokenBy: (name) => name.includes("\\"),
    sentence: "has a backslash, which separates components on Windows",
  },
  {
    name: "control-character",
    scope: "component",
    isBrokenBy: (name) => CONTROL.test(name),
    sentence: "has a control character",
  },
  {
    name: "bidi-control",
    scope: "component",
    isBrokenBy: (name) => BIDI.test(name),
    sentence: "has a character that reverses the direction of text",
  },
  {
    name: "lone-surrogate",
    scope: "component",
    isBrokenBy: (name) => LONE_SURROGATE.test(name),
    sentence: "is not well-formed Unicode",
  },
  {
    name: "component-too-long",
    scope: "component",
    isBrokenBy: (name) =>
      name.length * 3 > manifestLimits.componentBytes &&
      utf8Length(name) > manifestLimits.componentBytes,
    sentence: `is longer than ${manifestLimits.componentBytes} bytes of UTF-8`,
  },
  {
    name: "alternate-stream",
    scope: "component",
    isBrokenBy: (name) => name.includes(":"),
    sentence: "has a colon, which names a stream of a file on Windows",
  },
  {
    name: "device-name",
    scope: "component",
    isBrokenBy: (name) => DEVICE.test(name),
    sentence: "is a device on Windows",
  },
  {
    name: "surrounding-space",
    scope: "component",
    isBrokenBy: (name) => name !== name.trim(),
    sentence: "begins or ends with a space",
  },
  {
    name: "trailing-dot",
    scope: "component",
    isBrokenBy: (name) => name.endsWith("."),
    sentence: "ends with a dot, which Windows drops",
  },
  {
    name: "staging-name",
    scope: "component",
    isBrokenBy: (name) => /^\.palmtree-/i.test(name),
    sentence: "is reserved for transfers under way",
  },
];

const wholePathRules = pathRules.filter(({ scope }) => scope === "path");
const componentRules = pathRules.filter(({ scope }) => scope === "component");

/**
 * Why a path from a manifest must not be used.
 *
 * @param path - relative, separated by "/"
 * @returns a sentence for people, safe to print; undefined when the path is safe
 *
 * @example
 * ```ts
 * checkPath("photos/cat.jpg"); // undefined
 * checkPath("photos/../../.bashrc"); // `".." means this or the parent directory`
 * ```
 */
export function checkPath(path: string): string | undefined {
  const broken = wholePathRules.find((rule) => rule.isBrokenBy(path));
  if (broken !== undefined) return say(path, broken);
  for (const name of path.split("/")) {
    const reason = checkComponent(name);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Why `name` must not be a component of a path: {@link checkPath} without whole-path rules. */
export function checkComponent(name: string): string | undefined {
  const broken = componentRules.find((rule) => rule.isBrokenBy(name));
  return broken === undefined ? undefined : say(name, broken);
}

/** The first path of a list that must not be used. */
export interface PathProblem {
  /** The path's place in the list. */
  readonly index: number;
  readonly path: string;
  /** A sentence for people, safe to print. */
  readonly reason: string;
}

/**
 * Checks each path as {@link checkPath} does, and that no two are one name on some system: equal,
 * or different only in case, in Unicode normalisation or in characters that are ignored.
 *
 * @returns the first problem, undefined when all paths are safe side by side
 */
export function checkPaths(paths: Iterable<string>): PathProblem | undefined {
  const names = new NameSet();
  let index = 0;
  for (const path of paths) {
    const reason = checkPath(path) ?? names.add(path);
    if (reason !== undefined) return { index, path, reason };
    index += 1;
  }
  return undefined;
}

/** Paths that must stay different on every system. */
export class NameSet {
  readonly #paths: Map<string, string> = new Map();

  /** Adds a path, or returns a sentence about the one in the set that it collides with. */
  add(path: string): string | undefined {
    const key = collisionKey(path);
    const earlier = this.#paths.get(key);
    if (earlier === undefined) {
      this.#paths.set(key, path);
      return undefined;
    }
    const other = `"${escapeForTerminal(earlier)}"`;
    if (earlier === path) return `${other} is there twice`;
    return `"${escapeForTerminal(path)}" and ${other} are one name on some systems`;
  }
}

/**
 * What is equal for paths that are one name on some system. Upper case first: it joins what full
 * case folding joins (ß and SS, the two small sigmas), which lower case alone does not.
 */
function collisionKey(path: string): string {
  if (/^\p{ASCII}*$/u.test(path)) return path.toLowerCase();
  const visible = path.normalize("NFC").replace(/\p{Default_Ignorable_Code_Point}/gu, "");
  return visible.toUpperCase().toLowerCase().normalize("NFC");
}

/**
 * A text that may hold anything, made safe to print: control characters, characters that reverse
 * the direction of text and lone surrogates become `\u{...}`.
 *
 * @example
 * ```ts
 * escapeForTerminal("a\u001b[2Jb"); // "a\\u{1b}[2Jb"
 * ```
 */
export function escapeForTerminal(text: string): string {
  const unsafe = new RegExp(`${CONTROL.source}|${BIDI.source}|${LONE_SURROGATE.source}`, "gu");
  return text.replace(unsafe, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Names are for people here: a hostile one of 4 KiB would hide the sentence. */
const SHOWN_CHARACTERS = 120;

function say(text: string, rule: PathRule): string {
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
  return `"${escapeForTerminal(shown)}" ${rule.sentence}`;
}
