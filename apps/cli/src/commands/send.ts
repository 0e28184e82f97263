import {
  defaultSenderOptions,
  FilesSender,
  type FilesSenderOptions,
  type PlanKind,
  planKinds,
  type Strategy,
} from "@palmtree/relay";
import { utf8ByteLength, wireLimits } from "@palmtree/wire";
import { Command } from "commander";
import { type ExitCode, exitCodes } from "../exit-code.js";
import { describeFailure } from "../failure.js";
import { findKeys, type KeyOptions } from "../options/group-key.js";
import { ipOf, type Listen, listenOption } from "../options/listen.js";
import { type ListedPeer, listPeers, namingOrigin, peersIn } from "../options/peer-list.js";
import { choiceOption, integerOption, secondsOption, sizeOption } from "../options/values.js";
import { EventOutput } from "../output/event-output.js";
import { Messages } from "../output/messages.js";
import { roundSeconds } from "../output/text.js";
import type { SendEvent } from "../send/send-event.js";
import { SendView } from "../send/send-view.js";
import { SessionStory } from "../send/session-story.js";
import { sourceOf } from "../send/stream-argument.js";
import { StopRequest } from "../stop-request.js";
import { badValue, UsageError } from "../usage-error.js";

interface SendOptions extends KeyOptions {
  readonly to?: readonly ListedPeer[];
  readonly hostsFile?: string;
  readonly strategy?: Strategy;
  readonly plan?: PlanKind;
  readonly fanout?: number;
  readonly chunkSize?: number;
  readonly links?: "keep" | "skip";
  readonly timeout?: number;
  readonly maxWait?: number;
  readonly minWait?: number;
  readonly minReceivers?: number;
  readonly listen?: Listen;
  readonly name?: string;
  readonly spool?: string;
  readonly json?: true;
  readonly quiet?: true;
}

const examples = `
Examples:
  $ export PALMTREE_KEY_FILE=group.key   # made by: palmtree keygen --out group.key
  $ palmtree send disk.img --to 10.0.0.7,10.0.0.8
  $ palmtree send build/ notes.txt --hosts-file lab.txt
  $ palmtree send model.bin --to node1:5000 --to node2:5000 --fanout 2 --json --insecure
  $ set -o pipefail; tar c build | palmtree send - --name build.tar --to 10.0.0.7

A PATH arrives as its last component, a directory with all that is below it. The PATH - is what
comes in on stdin, which arrives as --name. Exit codes: 0 every peer is complete, 1 none is, 2 the
command was not understood, 3 some are.`;

/** @param setExitCode - is told how it ended */
export function sendCommand(setExitCode: (code: ExitCode) => void): Command {
  return new Command("send")
    .description("Send files and directories to peers that run `palmtree receive`.")
    .argument("<path...>", "what to send; - is stdin")
    .option("--to <peers>", "HOST[:PORT], several with commas; repeatable (port 4747)", collect)
    .option("--hosts-file <file>", "a file with one HOST[:PORT] a line; # begins a comment")
    .option(
      "--strategy <name>",
      "how chunks travel: pipeline or tree (pipeline)",
      choiceOption("--strategy", ["pipeline", "tree"]),
    )
    .option(
      "--plan <name>",
      `the pipeline's trees: ${planKinds.join(", ")} (the fastest by prediction)`,
      choiceOption("--plan", planKinds),
    )
    .option(
      "--fanout <n>",
      "most children of a peer (4)",
      integerOption("--fanout", 1, wireLimits.fanout),
    )
    .option(
      "--chunk-size <size>",
      "unit of transfer and verification (16KiB to 256KiB by size and hosts, more for over 256 GiB)",
      sizeOption("--chunk-size", wireLimits.chunkSizeBytesMin, wireLimits.chunkSizeBytesMax),
    )
    .option(
      "--links <what>",
      "symbolic links in a directory: keep sends them, if they stay inside; skip leaves them out (keep)",
      choiceOption("--links", ["keep", "skip"]),
    )
    .option(
      "--timeout <seconds>",
      "how long a peer may stand still before it is given up (30)",
      secondsOption("--timeout", 1, daySeconds),
    )
    .option(
      "--max-wait <seconds>",
      "how long peers that do not answer are waited for (5)",
      secondsOption("--max-wait", 0, daySeconds),
    )
    .option(
      "--min-wait <seconds>",
      "start after this, once --min-receivers have joined (0: wait for all)",
      secondsOption("--min-wait", 0, daySeconds),
    )
    .option(
      "--min-receivers <n>",
      "fewer than this are not served at all (1)",
      integerOption("--min-receivers", 1, wireLimits.peerCount - 1),
    )
    .option("--listen <host:port>", "where to listen (all addresses, a free port)", listenOption(0))
    .option(
      "--name <text>",
      "what the receivers are told it is (the files' names); with -: the file's name",
    )
    .option("--spool <dir>", "with -: where what was sent is kept until the end (the system's)")
    .option("--key-file <file>", "a file with the group key, or several while it is replaced")
    .option("--insecure", "without a key: neither encrypted nor authenticated")
    .option("--json", "events on stdout, one JSON object a line")
    .option("--quiet", "only warnings and errors on stderr")
    .addHelpText("after", examples)
    .action(async (paths: readonly string[], options: SendOptions) => {
      setExitCode(await send(paths, options));
    });
}

const daySeconds = wireLimits.timeoutMs / 1_000;

/** Progress is told this often at most, in milliseconds: five times a second. */
const tickMs = 200;

const codeOf = {
  complete: exitCodes.complete,
  partial: exitCodes.partial,
  failed: exitCodes.failed,
};

async function send(paths: readonly string[], options: SendOptions): Promise<ExitCode> {
  const startedAt = performance.now();
  const peers = await listPeers(options.to ?? [], options.hostsFile);
  const { keys, warnings } = await findKeys(options, process.env);
  const messages = new Messages(process.stderr, options, process.env);
  using stop = new StopRequest();
  const sender = await makeSender(paths, peers, options, { keys, signal: stop.signal });
  for (const warning of warnings) messages.warn(warning);

  const output = new EventOutput<SendEvent>(new SendView(messages), {
    json: options.json === true,
    onClosed: () => stop.make("nobody reads the events any more"),
  });
  let exitCode: ExitCode = exitCodes.failed;
  const story = new SessionStory((event) => {
    output.emit(event);
    if (event.type === "result") exitCode = codeOf[event.status];
  });
  const ticker = setInterval(() => !output.isBehind && story.tick(), tickMs);
  try {
    for await (const step of sender.start()) story.take(step);
  } catch (thrown) {
    const error = namingOrigin(thrown, peers);
    if (error instanceof UsageError) throw error;
    const seconds = roundSeconds((performance.now() - startedAt) / 1_000);
    story.fail(describeFailure(error), { peers: peers.map(({ text }) => text), seconds });
  } finally {
    clearInterval(ticker);
  }
  return exitCode;
}

async function makeSender(
  paths: readonly string[],
  peers: readonly ListedPeer[],
  options: SendOptions,
  running: { readonly keys: FilesSenderOptions["keys"]; readonly signal: AbortSignal },
): Promise<FilesSender> {
  const { listen, strategy, plan, fanout, links, name, spool: spoolDirectory } = options;
  const { chunkSize: chunkSizeBytes, timeout: timeoutMs } = options;
  const { maxWait: maxWaitMs, minWait: minWaitMs, minReceivers } = options;
  checkTogether(options, peers.length);
  const source = sourceOf(paths, options);
  const given = {
    strategy,
    plan,
    fanout,
    chunkSizeBytes,
    links,
    timeoutMs,
    maxWaitMs,
    minWaitMs,
    minReceivers,
    name,
    spoolDirectory,
  };
  const place = listen === undefined ? {} : { host: await ipOf(listen), port: listen.port };
  const known = Object.entries({ ...given, ...place }).filter(([, value]) => value !== undefined);
  try {
    return new FilesSender(
      source,
      peers.map(({ text }) => text),
      { ...(Object.fromEntries(known) as Partial<FilesSenderOptions>), ...running },
    );
  } catch (error) {
    throw namingOrigin(error, peers);
  }
}

/** What one option allows depends on another. */
function checkTogether(options: SendOptions, peerCount: number): void {
  const { minReceivers, minWait, maxWait = defaultSenderOptions.maxWaitMs, name } = options;
  if (minReceivers !== undefined && minReceivers > peerCount)
    throw badValue(
      "--min-receivers",
      String(minReceivers),
      `an integer from 1 to ${peerCount}, the listed peers`,
    );
  if (minWait !== undefined && minWait > maxWait)
    throw badValue(
      "--min-wait",
      String(minWait / 1_000),
      `seconds from 0 to ${maxWait / 1_000}, the --max-wait`,
    );
  if (name === undefined) return;
  const bytes = utf8ByteLength(name);
  if (bytes < 1 || bytes > wireLimits.nameBytes)
    throw badValue("--name", name, `1 to ${wireLimits.nameBytes} bytes of UTF-8`);
}

function collect(text: string, before: readonly ListedPeer[] = []): readonly ListedPeer[] {
  return [...before, ...peersIn(text)];
}
