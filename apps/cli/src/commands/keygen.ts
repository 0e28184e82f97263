import { open } from "node:fs/promises";
import { GroupKey } from "@palmtree/relay";
import { Command } from "commander";
import { type ExitCode, exitCodes } from "../exit-code.js";
import { Messages } from "../output/messages.js";
import { quote } from "../usage-error.js";

const examples = `
Examples:
  $ palmtree keygen --out group.key   # copy it to every host, by a way that you trust

To replace a key, put the new one into a line below the old one on every host, then move it up on the
senders: what is sent uses the first, and any of them is accepted.`;

/** @param setExitCode - is told how it ended */
export function keygenCommand(setExitCode: (code: ExitCode) => void): Command {
  return new Command("keygen")
    .description("Make a group key: whoever has it takes part.")
    .option("--out <file>", "write it there, for your eyes only; never replaces a file (stdout)")
    .addHelpText("after", examples)
    .action(async ({ out }: { readonly out?: string }) => {
      setExitCode(await keygen(out));
    });
}

async function keygen(out: string | undefined): Promise<ExitCode> {
  const line = `${GroupKey.draw().format()}\n`;
  if (out === undefined) {
    process.stdout.write(line);
    return exitCodes.complete;
  }
  const messages = new Messages(process.stderr, {}, process.env);
  try {
    await writeSecret(out, line);
  } catch (error) {
    const message = `cannot write the key to ${quote(out)}: ${reasonOf(error)}`;
    messages.error({ code: "not-writable", message });
    return exitCodes.failed;
  }
  messages.line(`A new key is in ${quote(out)}`);
  return exitCodes.complete;
}

/** Makes a file that only its owner can read. */
async function writeSecret(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const why = {
    EEXIST: "it is there already, and keys are never overwritten",
    ENOENT: "no such directory",
    EACCES: "permission denied",
  };
  return why[code as keyof typeof why] ?? code;
}
