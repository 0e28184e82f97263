import { type BrokenRule, collisionKey, findPathProblem, shorten } from "./safe-path.js";

/**
 * Symbolic links that are sent. A link is kept as a link where it leads to something inside the top
 * entry that it is in, on every system and wherever that entry is moved: so its target is relative,
 * and goes up no further than to the top entry. Nothing that a receiver writes goes through one.
 *
 * A target goes up first, if at all, and then down: `../lib/a.so`, `b`, `..`, or `.` for the
 * directory that the link is in. So where it leads can be read from it, without looking at any disk.
 */

/** Where a link leads, as a path beside the manifest's own; or why it is not kept. */
export type LinkDestination = { readonly path: string } | BrokenRule;

/**
 * Reads where a link leads.
 *
 * @param link - the link's own path, which is safe
 * @param target - what the link says
 */
export function resolveLink(link: string, target: string): LinkDestination {
  const around = link.split("/").slice(0, -1);
  const parts = target === "." ? [] : target.split("/");
  const down = parts.slice(countUps(parts));
  const ups = parts.length - down.length;
  const rest = down.length === 0 ? undefined : findPathProblem(down.join("/"));
  if (rest !== undefined) return rest;
  // The first of what is around is the top entry itself.
  if (ups >= around.length)
    return { rule: "link-leaves", reason: `"${shorten(target)}" leads out of what is sent` };
  const path = [...around.slice(0, around.length - ups), ...down].join("/");
  return findPathProblem(path) ?? { path };
}

function countUps(parts: readonly string[]): number {
  const down = parts.findIndex((part) => part !== "..");
  return down < 0 ? parts.length : down;
}

/** Links of a manifest, which must not lead through each other. */
export class LinkSet {
  /** By what is equal for paths that are one name on some system. */
  readonly #links = new Map<string, { readonly index: number; readonly leadsTo: string }>();

  add(link: string, index: number, leadsTo: string): void {
    this.#links.set(collisionKey(link), { index, leadsTo });
  }

  /**
   * A link whose way leads through another, which could make it mean something else. To lead to
   * another is fine: that one stays inside too.
   */
  findThrough(): { readonly index: number; readonly through: string } | undefined {
    for (const { index, leadsTo } of this.#links.values()) {
      let slash = leadsTo.indexOf("/");
      for (; slash >= 0; slash = leadsTo.indexOf("/", slash + 1)) {
        const through = leadsTo.slice(0, slash);
        if (this.#links.has(collisionKey(through))) return { index, through };
      }
    }
    return undefined;
  }
}
