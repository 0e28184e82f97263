import { once } from "node:events";
import { resolve } from "node:path";
import { defaultPort, PalmTreeRelay, type Refusal, type RelayOptions } from "@palmtree/relay";
import { wireLimits } from "@palmtree/wire";
import { Command } from "commander";
import { type ExitCode, exitCodes } from "../exit-code.js";
import { describeFailure, type Failure } from "../failure.js";
import { findKeys, type KeyOptions } from "../options/group-key.js";
import { ipOf, type Listen, listenOption } from "../options/listen.js";
import {
  choiceOption,
  integerOption,
  patternOption,
  secondsOption,
  sizeOption,
} from "../options/values.js";
import { EventOutput } from "../output/event-output.js";
import { Messages } from "../output/messages.js";
import { partsOf } from "../output/text.js";
import type { ReceiveEvent } from "../receive/receive-event.js";
import { ReceiveStory } from "../receive/receive-story.js";
import { ReceiveView } from "../receive/receive-view.js";
import { rehearseWhenIdle } from "../receive/rehearsal.js";
import { StopRequest } from "../stop-request.js";
import { badValue, UsageError } from "../usage-error.js";

const conflictChoices = ["fail", "skip", "rename", "overwrite"] as const;

interface ReceiveOptions extends KeyOptions {
  readonly dir?: string;
  readonly listen?: Listen;
  readonly join?: string;
  readonly session?: string;
  readonly maxWait?: number;
  readonly once?: true;
  readonly onConflict?: (typeof conflictChoices)[number];
  readonly sync: boolean;
  readonly discardPartial?: true;
  readonly maxBytes?: number;
  readonly maxFiles?: number;
  readonly maxSessions?: number;
  readonly json?: true;
  readonly quiet?: true;
}

const examples = `
Examples:
  $ palmtree receive --dir incoming --key-file group.key
  $ palmtree receive --once --json --listen 10.0.0.7:5000 --insecure
  $ PALMTREE_KEY_FILE=group.key palmtree receive --once --join 10.0.0.1:40123

Receives until SIGINT or SIGTERM. What has not arrived whole stays in DIR/.palmtree-SESSION, and when
the same is sent again only the rest is fetched. Exit codes: 0 nothing was broken off (with --once:
the transfer is complete), 1 something was, or the sender could not be joined, 2 the command was not
understood.`;

/** @param setExitCode - is told how it ended */
export function receiveCommand(setExitCode: (code: ExitCode) => void): Command {
  return new Command("receive")
    .description("Receive what `palmtree send` sends, and pass it on to other peers.")
    .option("--dir <dir>", "where it lands; made if it is not there (.)")
    .option(
      "--listen <host:port>",
      `where to be invited (0.0.0.0:${defaultPort}); port 0 for a free one`,
      listenOption(defaultPort),
    )
    .option("--once", "end after one session")
    .option(
      "--join <host:port>",
      `ask the \`palmtree send\` that listens there to be taken in, though it runs (port ${defaultPort})`,
    )
    .option(
      "--session <id>",
      "with --join: that session only",
      patternOption("--session", /^[0-9a-f]{32}$/, "32 hexadecimal digits"),
    )
    .option(
      "--max-wait <seconds>",
      "with --join: how long a sender that does not answer is asked (5)",
      secondsOption("--max-wait", 0, daySeconds),
    )
    .option(
      "--on-conflict <what>",
      "what is there and differs: fail, skip and rename keep it, overwrite replaces it (fail)",
      choiceOption("--on-conflict", conflictChoices),
    )
    .option("--no-sync", "do not wait until it would survive a loss of power")
    .option("--discard-partial", "first remove what broken-off transfers have left in DIR")
    .option(
      "--max-bytes <size>",
      "a larger transfer is declined, a longer stream broken off (what there is room for)",
      sizeOption("--max-bytes", 0, wireLimits.integer),
    )
    .option(
      "--max-files <n>",
      "a transfer of more files, directories and links is declined (1000000)",
      integerOption("--max-files", 0, wireLimits.entryCount),
    )
    .option(
      "--max-sessions <n>",
      "sessions at the same time; others are declined (8)",
      integerOption("--max-sessions", 1, 1_024),
    )
    .option("--key-file <file>", "a file with the group key, or several while it is replaced")
    .option("--insecure", "without a key: neither encrypted nor authenticated")
    .option("--json", "events on stdout, one JSON object a line")
    .option("--quiet", "only warnings and errors on stderr")
    .addHelpText("after", examples)
    .action(async (options: ReceiveOptions) => {
      setExitCode(await receive(options));
    });
}

const daySeconds = wireLimits.timeoutMs / 1_000;

const anywhere: Listen = { host: "0.0.0.0", port: defaultPort };

/** Progress is told this often at most, in milliseconds: five times a second. */
const tickMs = 200;

async function receive(options: ReceiveOptions): Promise<ExitCode> {
  checkTogether(options);
  const { keys, warnings } = await findKeys(options, process.env);
  const { listen = anywhere, dir: directory = "." } = options;
  const place = { directory, host: await ipOf(listen), port: listen.port, keys };
  const messages = new Messages(process.stderr, options, process.env);
  using stop = new StopRequest();
  const output = new EventOutput<ReceiveEvent>(new ReceiveView(messages), {
    json: options.json === true,
    onClosed: () => stop.make("nobody reads the events any more"),
  });
  const { emit } = output;
  for (const warning of warnings) messages.warn(warning);

  const story = new ReceiveStory(emit);
  const ticker = setInterval(() => !output.isBehind && story.tick(), tickMs);
  try {
    return await serve({ options, place, signal: stop.signal, story, emit });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const failure = describeFailure(error);
    // The address is what the caller wrote, or this machine does not have it.
    if (failure.code === "address-invalid")
      throw new UsageError(`--listen: ${failure.message}`, { cause: error });
    story.fail(failure, { isLast: options.once === true });
    return exitCodes.failed;
  } finally {
    clearInterval(ticker);
  }
}

/** Some options mean something only with another. */
function checkTogether({ join: root, session, maxWait }: ReceiveOptions): void {
  if (root !== undefined) return;
  const idle = session === undefined ? "--max-wait" : "--session";
  if (session !== undefined || maxWait !== undefined)
    throw new UsageError(`${idle}: it means something only with --join`);
}

interface Serving {
  readonly options: ReceiveOptions;
  readonly place: Pick<RelayOptions, "directory" | "keys"> & {
    readonly host: string;
    readonly port: number;
  };
  readonly signal: AbortSignal;
  readonly story: ReceiveStory;
  readonly emit: (event: ReceiveEvent) => void;
}

/** Takes part in sessions until the signal, or until the first is over. */
async function serve({ options, place, signal, story, emit }: Serving): Promise<ExitCode> {
  const { join: root, once: isOnce = false, maxSessions, onConflict = "fail", sync } = options;
  const keepPartial = options.discardPartial === true ? { keepPartialMs: 0 } : {};
  const firstStart = new AbortController();
  const firstEnd = new AbortController();
  const brokenOff: string[] = [];
  let first: "complete" | "failed" | undefined;
  // A second session is declined, also between the end of the first and that of the process.
  let isTaken = (): boolean => false;
  const accept = (): true | Refusal => !isTaken() || { reason: "leaving", detail: "it took one" };
  await using relay = await PalmTreeRelay.open({
    ...place,
    onConflict,
    sync,
    ...keepPartial,
    ...limitsOf(options),
    ...(isOnce ? { maxSessions: 1, accept } : maxSessions === undefined ? {} : { maxSessions }),
    onTransferStart: (receiver) => {
      firstStart.abort();
      story.onStart(receiver);
    },
    onStep: (receiver, step) => story.onStep(receiver, step),
    onTransferEnd: (receiver, result) => {
      if (signal.aborted && result.status === "failed") brokenOff.push(receiver.session);
      first ??= result.status;
      story.onEnd(receiver, result);
      if (isOnce) firstEnd.abort();
    },
  });
  isTaken = () => isOnce && relay.counters.sessionsJoined > 0;
  emit({ type: "listening", ...partsOf(relay.address), dir: resolve(place.directory) });
  const over = AbortSignal.any([signal, firstEnd.signal]);
  const isSecure = place.keys !== "insecure";
  if (root === undefined)
    void rehearseWhenIdle(isSecure, AbortSignal.any([over, firstStart.signal]));
  const refusal = await join(relay, options, over, emit);
  if (refusal === undefined) await aborted(over);
  await relay.close();
  if (refusal !== undefined) {
    story.fail(refusal, { isLast: isOnce });
    return exitCodes.failed;
  }
  if (!isOnce) return brokenOff.length === 0 ? exitCodes.complete : exitCodes.failed;
  if (first === undefined) story.fail(describeFailure(signal.reason), { isLast: true });
  return first === "complete" ? exitCodes.complete : exitCodes.failed;
}

/** What is taken at most, where that is said. */
function limitsOf({ maxBytes, maxFiles }: ReceiveOptions): Partial<RelayOptions> {
  return {
    ...(maxBytes === undefined ? {} : { maxTotalBytes: maxBytes }),
    ...(maxFiles === undefined ? {} : { maxEntries: maxFiles }),
  };
}

/** Asks to be taken in, where that is wanted. @returns why that was in vain */
async function join(
  relay: PalmTreeRelay,
  { join: root, session, maxWait: maxWaitMs }: ReceiveOptions,
  signal: AbortSignal,
  emit: (event: ReceiveEvent) => void,
): Promise<Failure | undefined> {
  if (root === undefined) return undefined;
  const options = Object.entries({ session, maxWaitMs, signal });
  const given = Object.fromEntries(options.filter(([, value]) => value !== undefined));
  try {
    const receiver = await relay.join(root, given);
    emit({ type: "joined", session: receiver.session, name: receiver.name, from: receiver.from });
    return undefined;
  } catch (error) {
    if (signal.aborted) return undefined;
    const failure = describeFailure(error);
    if (failure.code === "address-invalid")
      throw badValue("--join", root, "HOST or HOST:PORT, port 1 to 65535");
    return failure;
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}
