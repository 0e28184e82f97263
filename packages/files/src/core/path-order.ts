import { utf8Rank } from "./utf8.js";

/**
 * The order of a manifest's entries: by component, each by its bytes of UTF-8. (The same: by the
 * bytes of the whole path, if "/" came before every other character.)
 *
 * @returns a negative number when `a` comes first, a positive one when `b` does, 0 when equal
 */
export function comparePaths(a: string, b: string): number {
  const common = Math.min(a.length, b.length);
  let at = 0;
  while (at < common && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  if (at === common) return a.length - b.length;
  if (a.charAt(at) === "/") return -1;
  if (b.charAt(at) === "/") return 1;
  return utf8Rank(a.charCodeAt(at)) - utf8Rank(b.charCodeAt(at));
}

/** The first component of a path: its name in the destination. */
export function topOf(path: string): string {
  const slash = path.indexOf("/");
  return slash < 0 ? path : path.slice(0, slash);
}
