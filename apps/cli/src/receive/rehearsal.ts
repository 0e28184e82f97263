import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { FilesSender, GroupKey, PalmTreeRelay } from "@palmtree/relay";

/** How long nothing has happened before a receiver rehearses: whoever is invited at once does not. */
const idleMs = 1_000;

/** What a machine that has much else to do may take; then it does without. */
const mostMs = 5_000;

/** Enough that each of the two takes chunks in and passes some on. */
const payloadBytes = 320 * 1024;
const chunkSizeBytes = 16 * 1024;

/**
 * A receiver waits for most of its life. Meanwhile it lets a small session run within itself, once: two
 * relays and a sender on the loopback address, in a temporary directory, with a key of their own if it has one.
 * So all code has run before, and its first real session starts sooner (decision 0021).
 *
 * Resolves when that is over. Never rejects: nothing depends on it.
 *
 * @param isSecure - whether its sessions are, so that no other code is rehearsed than will run
 * @param signal - there is something else to do: a session, or the end
 */
export async function rehearseWhenIdle(isSecure: boolean, signal: AbortSignal): Promise<void> {
  try {
    await pause(idleMs, undefined, { signal, ref: false });
    await rehearse(isSecure, AbortSignal.any([signal, AbortSignal.timeout(mostMs)]));
  } catch {
    // No room, no loopback address, or something else to do: the first session starts as ever.
  }
}

/** @throws the signal's reason, or whatever went wrong */
export async function rehearse(isSecure: boolean, signal: AbortSignal): Promise<void> {
  const place = await mkdtemp(join(tmpdir(), "palmtree-rehearsal-"));
  try {
    const payload = join(place, "payload");
    await writeFile(payload, randomBytes(payloadBytes));
    const keys = isSecure ? [GroupKey.draw()] : ("insecure" as const);
    const own = { keys, host: "127.0.0.1", port: 0 };
    // Without a key anybody on this machine could send something else.
    const limits = { maxSessions: 1, maxEntries: 1, maxTotalBytes: payloadBytes };
    const open = (name: string): Promise<PalmTreeRelay> =>
      PalmTreeRelay.open({ ...own, ...limits, directory: join(place, name), sync: false });
    await using near = await open("near");
    await using far = await open("far");
    const peers = [near.address, far.address];
    const sender = new FilesSender([payload], peers, { ...own, chunkSizeBytes, signal });
    for await (const step of sender.start())
      if (step.type === "result" && step.status !== "complete")
        throw new Error(`the rehearsal is ${step.status}`, { cause: step.error });
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}
