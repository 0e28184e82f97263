import { lstat, mkdir, realpath, rmdir, stat, statfs, unlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { PalmTreeError, type SessionId } from "@palmtree/wire";
import { escapeForTerminal } from "./core/safe-path.js";
import { DirectoryPin } from "./directory-pin.js";
import { destinationError, isMissing } from "./disk-error.js";
import { removeTree } from "./remove-tree.js";
import { type AdoptionTarget, adoptStaging } from "./resume/adoption.js";
import { checkUnused, removeLeftStaging } from "./resume/left-staging.js";
import type { LeftoverFiles } from "./resume/leftover-files.js";
import { disown, own } from "./resume/owner.js";

/**
 * Where a session's files are until all of them are whole: a directory of its own inside the
 * destination, and so on the same file system, which nobody else may enter (mode 0700). Nothing in
 * it can be swapped for a link by another user while we write, and if it is swapped itself, we go on
 * in the very directory that we made.
 */
export interface Staging {
  /** The destination, held: its name is an absolute path without links. */
  readonly destination: DirectoryPin;
  /** The staging directory, held: `.palmtree-` and the session's id, in the destination. */
  readonly pin: DirectoryPin;
  /** In the staging directory: what is received. */
  readonly content: string;
  /** In the staging directory: what was at the destination and is being replaced. */
  readonly replaced: string;
  /** In the staging directory: what of the content is written. */
  readonly journal: string;
}

/** What to do with something that is at the destination under a name that is received. */
export type OnConflict = "fail" | "skip" | "rename" | "overwrite";

/** What a {@link Staging} is made for. */
export interface StagingOptions {
  readonly destination: DirectoryPin;
  readonly session: SessionId;
  /** Bytes that will be written, if nothing of them is here. */
  readonly totalBytes: number;
  /** What may be taken over from an earlier session; undefined when nothing may. */
  readonly target: AdoptionTarget | undefined;
}

/**
 * Makes the staging directory of a session in its destination, or takes over that of an earlier
 * one. This process owns it from then on. What a process that was killed has left of this very
 * session, and cannot be taken over, is removed: a stream, say.
 *
 * @throws not-writable when the directory cannot be written
 * @throws disk-full when it has too little space, with `needed` and `available`
 * @throws name-exists when the staging directory of this session is there, and may be in use
 * @throws TypeError when `session` is not a session's id
 */
export async function makeStaging(
  options: StagingOptions,
): Promise<{ readonly staging: Staging; readonly leftover: LeftoverFiles | undefined }> {
  const { destination, session, totalBytes, target } = options;
  const { directory } = destination;
  if (!/^[0-9a-f]{32}$/.test(session)) {
    throw new TypeError("A session's id has 32 lower-case hexadecimal digits");
  }
  const path = join(directory, `.palmtree-${session}`);
  const adopted = target === undefined ? undefined : await adoptStaging(directory, path, target);
  const unused = adopted === undefined ? await checkUnused(path) : undefined;
  if (unused !== undefined) await removeLeftStaging(unused);
  const leftover = adopted?.files;
  const leftBytes = leftover?.pieces.reduce((sum, { length }) => sum + length, 0) ?? 0;
  try {
    await checkSpace(destination.path, directory, totalBytes - leftBytes);
    const pin = adopted?.pin ?? (await makePinned(destination, basename(path)));
    return { staging: stagingIn(destination, pin), leftover };
  } catch (error) {
    if (adopted !== undefined) await disown(path, adopted.pin.path);
    await adopted?.pin.close();
    if (isExisting(error)) throw nameExists(directory, basename(path));
    throw destinationError(error, "write to", directory);
  }
}

function stagingIn(destination: DirectoryPin, pin: DirectoryPin): Staging {
  return {
    destination,
    pin,
    content: join(pin.path, "content"),
    replaced: join(pin.path, "replaced"),
    journal: join(pin.path, "journal"),
  };
}

async function makePinned(destination: DirectoryPin, name: string): Promise<DirectoryPin> {
  await mkdir(join(destination.path, name), { mode: 0o700 });
  const pin = await destination.openChild(name);
  try {
    if (!pin.isPrivate) throw nameExists(destination.directory, name);
    await mkdir(join(pin.path, "content"));
    await mkdir(join(pin.path, "replaced"));
    await own(pin.directory, pin.path);
    return pin;
  } catch (error) {
    await pin.close();
    throw error;
  }
}

/**
 * Removes a staging directory and what was received. What was replaced is removed too once all has
 * landed; before that it stays if there is any, because it is somebody's.
 *
 * @throws store-failed when something cannot be removed
 */
export async function removeStaging(staging: Staging, hasLanded: boolean): Promise<void> {
  const { pin } = staging;
  try {
    // At the same time, since whoever waits for the content to land waits for this too; but none goes
    // on when it has failed: the pin may be closed then, and its number be another directory's.
    const removed = await Promise.allSettled([
      unlink(staging.journal).catch(ignoreMissing),
      unlink(`${staging.journal}.new`).catch(ignoreMissing),
      removeTree(staging.content),
      hasLanded ? removeTree(staging.replaced) : rmdir(staging.replaced).catch(ignoreMissing),
    ]);
    for (const part of removed) if (part.status === "rejected") throw part.reason;
    await disown(pin.directory, pin.path);
    // By its name: if that is something else by now, it is not ours to remove.
    const name = join(staging.destination.path, basename(pin.directory));
    await rmdir(name).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  } catch (error) {
    throw destinationError(error, "remove", pin.directory);
  }
}

/**
 * Checks that nothing has a name in the destination; a link that leads nowhere is something.
 *
 * @throws name-exists when something has
 */
export async function checkFree(destination: DirectoryPin, name: string): Promise<void> {
  const path = join(destination.path, name);
  const existing = await lstat(path).catch((error: unknown) => {
    ignoreMissing(error);
    return undefined;
  });
  if (existing !== undefined) throw nameExists(destination.directory, name);
}

/** The error for a name that is taken. */
export function nameExists(directory: string, name: string): PalmTreeError {
  const message = `${escapeForTerminal(name)} is already in ${escapeForTerminal(directory)}`;
  return new PalmTreeError("name-exists", message, { facts: { name, directory } });
}

/** Whether something failed because its target is there already. */
export function isExisting(error: unknown): boolean {
  return hasCode(error, "EEXIST");
}

/**
 * Makes the destination, if it is not there.
 *
 * @returns it, held, under its absolute path without links; who gets it closes it
 * @throws not-writable when it cannot be made, or is no directory
 */
export async function makeDestination(directory: string): Promise<DirectoryPin> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    if (isExisting(error) || hasCode(error, "ENOTDIR")) throw notADirectory(directory, error);
    throw destinationError(error, "make the directory", directory);
  }
  try {
    const path = await realpath(directory);
    if (!(await stat(path)).isDirectory()) throw notADirectory(directory);
    return await DirectoryPin.open(path);
  } catch (error) {
    throw destinationError(error, "use the directory", directory);
  }
}

function notADirectory(path: string, cause?: unknown): PalmTreeError {
  const message = `${escapeForTerminal(path)} is not a directory`;
  return new PalmTreeError("not-writable", message, { facts: { path }, cause });
}

async function checkSpace(path: string, directory: string, needed: number): Promise<void> {
  // Some file systems do not tell, or say that they have no blocks at all: then writing will show.
  const space = await statfs(path).catch(() => undefined);
  if (space === undefined || space.blocks === 0) return;
  const available = space.bavail * space.bsize;
  if (available >= needed) return;
  const where = escapeForTerminal(directory);
  throw new PalmTreeError("disk-full", `${where} has ${available} bytes left, not ${needed}`, {
    facts: { path: directory, needed, available },
  });
}

function ignoreMissing(error: unknown): void {
  if (!hasCode(error, "ENOENT")) throw error;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
