import { constants, type Stats } from "node:fs";
import { lstat, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { PalmTreeError } from "@palmtree/wire";
import { escapeForTerminal } from "./core/safe-path.js";
import { closeFile, type Descriptor, openFile, statFile } from "./descriptor.js";

const { O_RDONLY } = constants;
/** Not on Windows. */
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;
const O_DIRECTORY = constants.O_DIRECTORY ?? 0;

/** How a {@link DirectoryPin} is opened. */
export interface PinOptions {
  /** Its name for people. Default: what it is opened by. */
  readonly name?: string;
  /** To do as on a system that has no other way to it. Default: on Windows only. */
  readonly byName?: boolean;
}

/**
 * A directory that is held, so that whoever may rename it, or put a link in its place, does not
 * change where we write. What is done below `path` is done in the very directory that was opened:
 * Linux has a path for it, `/proc/self/fd/N`, which goes to the directory and not by its name.
 *
 * Other systems have none (Node has no `openat`). There {@link DirectoryPin.check} tells afterwards
 * whether it still is that directory: who is quick enough in between is not noticed.
 */
export class DirectoryPin {
  /** By its name, for people. */
  readonly directory: string;
  /** What to reach it by. */
  readonly path: string;
  readonly #stats: Stats;
  #file: Descriptor | undefined;

  private constructor(directory: string, stats: Stats, file: Descriptor | undefined) {
    this.directory = directory;
    this.path = file === undefined ? directory : magicPath(file);
    this.#stats = stats;
    this.#file = file;
  }

  /**
   * Opens a directory.
   *
   * @param directory - a link at its end is not followed
   * @returns who opened it closes it
   */
  static async open(directory: string, options: PinOptions = {}): Promise<DirectoryPin> {
    const { name = directory, byName = process.platform === "win32" } = options;
    const stats = await lstat(directory);
    if (!stats.isDirectory()) throw notThere(name);
    if (byName) return new DirectoryPin(name, stats, undefined);
    const file = await openFile(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    const opened = await statFile(file);
    const reached = await stat(magicPath(file)).catch(() => undefined);
    if (reached !== undefined && isSame(reached, opened))
      return new DirectoryPin(name, opened, file);
    await closeFile(file);
    return new DirectoryPin(name, opened, undefined);
  }

  /** Opens a directory in this one. */
  async openChild(name: string): Promise<DirectoryPin> {
    return await DirectoryPin.open(join(this.path, name), {
      name: join(this.directory, name),
      byName: this.#file === undefined,
    });
  }

  /** Whether it is this user's own, and nobody else may enter. */
  get isPrivate(): boolean {
    const { uid, mode } = this.#stats;
    const isOurs = process.getuid === undefined || uid === process.geteuid?.();
    return isOurs && (process.platform === "win32" || (mode & 0o077) === 0);
  }

  /** The same place by its name, for people. */
  show(path: string): string {
    if (path !== this.path && !path.startsWith(`${this.path}/`)) return path;
    return this.directory + path.slice(this.path.length);
  }

  /**
   * Checks that what is done below `path` is done in this directory. Costs nothing where that is
   * sure.
   *
   * @throws store-failed when something else is there
   */
  async check(): Promise<void> {
    if (this.#file !== undefined) return;
    const found = await lstat(this.directory).catch(() => undefined);
    if (found === undefined || !isSame(found, this.#stats)) throw notThere(this.directory);
  }

  /** Nothing may be done below `path` any more. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) await closeFile(file);
  }
}

/**
 * Does something in the directory that a path leads to, and follows no link on the way there.
 *
 * @param base - where the path begins
 * @param path - relative
 * @param work - is given what to reach the parent directory by, and the last component
 */
export async function inParent<T>(
  base: DirectoryPin,
  path: string,
  work: (parent: string, name: string) => Promise<T>,
): Promise<T> {
  const pins: DirectoryPin[] = [];
  const around = dirname(path);
  try {
    let last = base;
    for (const name of around === "." ? [] : around.split("/")) {
      last = await last.openChild(name);
      pins.push(last);
    }
    const result = await work(last.path, basename(path));
    for (const pin of [base, ...pins]) await pin.check();
    return result;
  } finally {
    for (const pin of pins) await pin.close();
  }
}

function magicPath(file: Descriptor): string {
  return `/proc/self/fd/${file}`;
}

function isSame(a: Stats, b: Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

function notThere(path: string): PalmTreeError {
  const message = `${escapeForTerminal(path)} is not the directory that it was`;
  return new PalmTreeError("store-failed", message, { facts: { path } });
}
