import { BIDI, CONTROL, LONE_SURROGATE, type PathRule, pathRules } from "./path-rules.js";

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
  return findPathProblem(path)?.reason;
}

/** Why `name` must not be a component of a path: {@link checkPath} without whole-path rules. */
export function checkComponent(name: string): string | undefined {
  return findComponentProblem(name)?.reason;
}

/** A rule that is broken, and how. */
export interface BrokenRule {
  /** The rule's name in `landingRules`. */
  readonly rule: string;
  /** A sentence for people, safe to print. */
  readonly reason: string;
}

/** As {@link checkPath}, with the rule's name. */
export function findPathProblem(path: string): BrokenRule | undefined {
  const broken = wholePathRules.find((rule) => rule.isBrokenBy(path));
  if (broken !== undefined) return say(path, broken);
  for (const name of path.split("/")) {
    const problem = findComponentProblem(name);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function findComponentProblem(name: string): BrokenRule | undefined {
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
 * What is equal for paths that are one name on some system: they may differ in case, in Unicode
 * normalisation, and in characters that are ignored. Upper case first: it joins what full
 * case folding joins (ß and SS, the two small sigmas), which lower case alone does not.
 */
export function collisionKey(path: string): string {
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

function say(text: string, { name, sentence }: PathRule): BrokenRule {
  return { rule: name, reason: `"${shorten(text)}" ${sentence}` };
}

/** A text that a peer chose, safe to print, and short enough not to hide what is said of it. */
export function shorten(text: string): string {
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
  return escapeForTerminal(shown);
}
