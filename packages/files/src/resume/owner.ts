import { readFileSync } from "node:fs";
import { unlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { allocate, readInto } from "../descriptor.js";
import { withPlainFile } from "./plain-file.js";

/** Which process uses a staging directory. */
interface Owner {
  readonly pid: number;
  /** The machine, and when it was started, where it says so. */
  readonly host: string;
  readonly boot: string;
  /** When the process was started, in the system's own unit: a process id is used again. */
  readonly started: string;
}

/**
 * Whether some process may be using a staging directory. `unknown`: it does not say, because it was
 * left in good order, or is just being made.
 */
export type Use = "used" | "left" | "unknown";

/** More than this is no owner's file. */
const mostOwnerBytes = 4_096;

/** Staging directories that this process uses: of these it knows without asking. */
const ours = new Set<string>();

/**
 * What will be under that name is this process's: until it says so, no other store here takes it.
 *
 * @returns false when a store here uses it already
 */
export function claim(staging: string): boolean {
  if (ours.has(staging)) return false;
  ours.add(staging);
  return true;
}

/** The opposite of {@link claim}: nothing on the disk is changed. */
export function unclaim(staging: string): void {
  ours.delete(staging);
}

/**
 * This process uses the staging directory from now on.
 *
 * @param at - what to reach it by
 * @throws Error when it cannot be written, or another process has taken it meanwhile
 */
export async function own(staging: string, at: string): Promise<void> {
  ours.add(staging);
  const path = join(at, "owner");
  const owner = JSON.stringify(self());
  await unlink(path).catch(() => undefined); // it may be a pipe, or a link
  await writeFile(path, owner, { mode: 0o600, flag: "wx" });
  if ((await readOwner(path)) !== owner) throw new Error("another process took the directory");
}

/**
 * Nobody uses the staging directory any more, whether it is still there or not. Never rejects.
 *
 * @param at - what to reach it by
 */
export async function disown(staging: string, at: string): Promise<void> {
  await unlink(join(at, "owner")).catch(() => undefined);
  ours.delete(staging);
}

/**
 * Whether some process may be using a staging directory. Of a process of another machine nobody
 * here can tell whether it lives, so it is taken to.
 */
export async function useOf(staging: string): Promise<Use> {
  if (ours.has(staging)) return "used";
  const owner = parseOwner(await readOwner(join(staging, "owner")));
  if (owner === undefined) return "unknown";
  return isRunning(owner) ? "used" : "left";
}

function isRunning(owner: Owner): boolean {
  const me = self();
  if (owner.host !== me.host) return true;
  if (owner.boot !== me.boot || owner.pid === me.pid) return false;
  if (!isAlive(owner.pid)) return false;
  return owner.started === "" || owner.started === startOf(owner.pid);
}

function self(): Owner {
  return {
    pid: process.pid,
    host: hostname(),
    boot: readOrEmpty("/proc/sys/kernel/random/boot_id").trim(),
    started: startOf(process.pid),
  };
}

async function readOwner(path: string): Promise<string> {
  const text = await withPlainFile(path, async (file, { size }) => {
    const bytes = allocate(Math.min(size, mostOwnerBytes));
    await readInto(file, bytes, 0);
    return Buffer.from(bytes).toString();
  });
  return text ?? "";
}

function parseOwner(text: string): Owner | undefined {
  try {
    const { pid, host, boot, started } = JSON.parse(text) as Owner;
    const isWhole = [host, boot, started].every((part) => typeof part === "string");
    if (!isWhole || !Number.isSafeInteger(pid) || pid < 1) return undefined;
    return { pid, host, boot, started };
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Field 22 of Linux's `/proc/PID/stat`; empty where there is none. */
function startOf(pid: number): string {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  // The name, in parentheses, may hold anything.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
