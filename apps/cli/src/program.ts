import { Command, CommanderError } from "commander";
import { keygenCommand } from "./commands/keygen.js";
import { receiveCommand } from "./commands/receive.js";
import { sendCommand } from "./commands/send.js";
import { type ExitCode, exitCodes } from "./exit-code.js";
import { describeFailure, type Failure } from "./failure.js";
import { toJsonLine } from "./output/json-lines.js";
import { Messages } from "./output/messages.js";
import { UsageError } from "./usage-error.js";

const examples = `
Examples:
  on each machine that is to receive:
    $ palmtree receive --dir incoming --insecure
  on the one that sends:
    $ palmtree send disk.img --to 10.0.0.7,10.0.0.8 --insecure

\`palmtree help COMMAND\` tells more.`;

/**
 * Runs the command.
 *
 * @param args - without the program and its script
 * @param version - of this package
 * @returns the exit code; every failure was told on stderr, and with `--json` on stdout too
 */
export async function run(args: readonly string[], version: string): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.complete;
  const setExitCode = (code: ExitCode): void => {
    exitCode = code;
  };
  const program = new Command("palmtree")
    .description("Copy files from one machine to many, at the speed of copying to one.")
    .version(version, "--version", "print the version")
    .addCommand(sendCommand(setExitCode))
    .addCommand(receiveCommand(setExitCode))
    .addCommand(keygenCommand(setExitCode))
    .addHelpText("after", examples);
  for (const command of [program, ...program.commands])
    command
      .exitOverride()
      // What is wrong is told below, on one line.
      .configureOutput({ writeErr: () => undefined })
      .helpOption("--help", "print this help");
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.complete;
    return complain(error, args);
  }
}

function complain(error: unknown, args: readonly string[]): ExitCode {
  const isUsage = error instanceof UsageError || error instanceof CommanderError;
  const failure = error instanceof CommanderError ? usageOf(error) : describeFailure(error);
  if (asksForJson(args)) process.stdout.write(toJsonLine({ type: "error", ...failure }));
  new Messages(process.stderr, {}, process.env).error(failure);
  return isUsage ? exitCodes.usage : exitCodes.failed;
}

/** `error: unknown option '--jso'` and a suggestion on the next line become one sentence. */
function usageOf({ code, message }: CommanderError): Failure {
  if (code === "commander.help")
    return { code: "usage", message: "no command: see palmtree --help" };
  const sentence = message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
  return { code: "usage", message: sentence };
}

/** The arguments may be beyond understanding, but this one was meant. */
function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end === -1 ? args : args.slice(0, end)).includes("--json");
}
