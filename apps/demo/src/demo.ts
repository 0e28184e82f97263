import { basename, join } from "node:path";
import { hashOf, makeFile, sizeOf } from "./demo-file.js";
import type { CommandEvent } from "./palmtree-command.js";
import type { Screen } from "./screen.js";
import { SessionView } from "./session-view.js";
import { type Receiver, Stage } from "./stage.js";

const receiverCount = 8;
const madeMebibytes = 64;

/** What became of one receiver. */
interface Outcome {
  readonly receiver: Receiver;
  readonly status: string;
  readonly seconds: number;
  /** SHA-256 of its copy; undefined where there is none. */
  readonly hash: string | undefined;
  readonly error: string | undefined;
}

/**
 * Sends a file from one process to eight others, all of them on this machine and over real
 * sockets, and shows what happens.
 *
 * @param path - the file; one is made, and removed in the end, where it is undefined
 * @returns whether all copies are equal to the file
 * @throws Error when the file cannot be used, or the signal's reason
 */
export async function runDemo(
  path: string | undefined,
  screen: Screen,
  signal: AbortSignal,
): Promise<boolean> {
  if (path !== undefined) await sizeOf(path);
  await using stage = await Stage.open(signal);
  const { bold, dim } = screen.colors;
  screen.line();
  screen.line(`${bold("Palm Tree")}: one file, from one process to ${receiverCount} others`);
  screen.line();
  const file = path ?? (await makeOne(stage.folder, screen, signal));
  const bytes = await sizeOf(file);
  const hash = await hashOf(file, signal);
  screen.line(`  file       ${shorten(basename(file), 50)}, ${inMebibytes(bytes)}`);
  screen.line(`  SHA-256    ${hash}`);

  const places = Array.from({ length: receiverCount }, (_, index) => index + 1);
  const receivers = await Promise.all(places.map((place) => stage.receive(place)));
  screen.line(`  receivers  ${dim("palmtree receive --once ...")}, in ${receiverCount} processes`);
  screen.line(`  sender     ${dim("palmtree send FILE --to ...")}, in another one`);
  screen.line();

  const result = await send(stage, file, receivers, screen);
  signal.throwIfAborted();
  const outcomes = await Promise.all(
    receivers.map((receiver) => outcomeOf(receiver, basename(file), result, signal)),
  );
  return conclude(screen, outcomes, { hash, bytes, seconds: Number(result.seconds) });
}

async function makeOne(folder: string, screen: Screen, signal: AbortSignal): Promise<string> {
  const path = join(folder, "palm-tree-demo.bin");
  screen.live(`  making a file of ${madeMebibytes} MiB`);
  await makeFile(path, madeMebibytes, signal);
  screen.live("");
  return path;
}

/** @returns the sender's last event */
async function send(
  stage: Stage,
  file: string,
  receivers: readonly Receiver[],
  screen: Screen,
): Promise<CommandEvent> {
  const nameOf = new Map(receivers.map(({ address, place }) => [address, `receiver ${place}`]));
  const view = new SessionView(screen, nameOf);
  const to = receivers.map(({ address }) => address).join(",");
  const options = ["--listen", "127.0.0.1:0", "--insecure", "--quiet"];
  let last: CommandEvent | undefined;
  for await (const event of stage.start(["send", file, "--to", to, ...options]).events) {
    view.show(event);
    last = event;
  }
  if (last?.type === "result") return last;
  throw new Error(`the sender ended without a result: ${last?.message ?? "it said nothing"}`);
}

async function outcomeOf(
  receiver: Receiver,
  name: string,
  result: CommandEvent,
  signal: AbortSignal,
): Promise<Outcome> {
  const { status, seconds, error } = result.peers.find(
    ({ address }: { address: string }) => address === receiver.address,
  );
  const copy = join(receiver.directory, name);
  const hash = await hashOf(copy, signal).catch(() => undefined);
  return { receiver, status, seconds, hash, error: error?.message };
}

function conclude(
  screen: Screen,
  outcomes: readonly Outcome[],
  sent: { readonly hash: string; readonly bytes: number; readonly seconds: number },
): boolean {
  const { bold, dim, green, red } = screen.colors;
  screen.line();
  screen.line(dim("  RECEIVER  RESULT     TIME    SHA-256 OF ITS COPY"));
  for (const { receiver, status, seconds, hash, error } of outcomes) {
    const isEqual = hash === sent.hash;
    const shown = hash ?? shorten(error ?? "there is no copy", 64);
    const result = (status === "complete" && !isEqual ? "differs" : status).padEnd(9);
    const time = `${seconds.toFixed(2)} s`.padEnd(6);
    const colour = isEqual ? green : red;
    screen.line(`  ${String(receiver.place).padEnd(8)}  ${colour(result)}  ${time}  ${shown}`);
  }
  screen.line();
  const equal = outcomes.filter(({ status, hash }) => status === "complete" && hash === sent.hash);
  const isFine = equal.length === outcomes.length;
  screen.line(isFine ? bold(green(praise(equal.length, sent))) : bold(red(blame(outcomes, equal))));
  return isFine;
}

function praise(
  count: number,
  { bytes, seconds }: { readonly bytes: number; readonly seconds: number },
): string {
  const each = bytes / 1e6 / Math.max(seconds, 0.001);
  const rates = `${each.toFixed(0)} MB/s to each, ${(each * count).toFixed(0)} MB/s in all`;
  return `All ${count} copies are equal to the file: ${seconds.toFixed(2)} s, ${rates}.`;
}

function blame(outcomes: readonly Outcome[], equal: readonly Outcome[]): string {
  return `Only ${equal.length} of ${outcomes.length} copies are equal to the file.`;
}

function inMebibytes(bytes: number): string {
  return bytes < 1024 * 1024 ? `${bytes} bytes` : `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
}

/** A text from elsewhere on one short line. */
function shorten(text: string, most: number): string {
  const plain = text.replace(/\p{Cc}/gu, "?");
  return plain.length <= most ? plain : `${plain.slice(0, most - 1)}…`;
}
