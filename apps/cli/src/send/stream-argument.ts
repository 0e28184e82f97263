import { fstatSync } from "node:fs";
import { checkFileName } from "@palmtree/files";
import type { NamedStream } from "@palmtree/relay";
import { badValue, UsageError } from "../usage-error.js";

/** The path that stands for stdin. */
const stdinPath = "-";

/**
 * What the paths of a command mean: files, or stdin under the name that was given.
 *
 * @throws UsageError when stdin is sent beside files, without a name that it can arrive as, or is a
 *   terminal; or when an option has no meaning for files
 */
export function sourceOf(
  paths: readonly string[],
  { name, spool }: { readonly name?: string; readonly spool?: string },
): readonly string[] | NamedStream {
  if (!paths.includes(stdinPath)) {
    if (spool !== undefined)
      throw new UsageError("--spool: only what comes in on stdin (-) is kept");
    return paths;
  }
  if (paths.length > 1)
    throw new UsageError(
      "-: stdin is sent alone, without other paths (./- is a file of that name)",
    );
  if (name === undefined)
    throw new UsageError("-: what comes in on stdin needs a --name to arrive as");
  const problem = checkFileName(name);
  if (problem !== undefined) throw badValue("--name", name, `the name of a file, but ${problem}`);
  // Node takes it for a stream that is empty.
  if (fstatSync(process.stdin.fd).isDirectory())
    throw new UsageError("-: stdin is a directory: send it by its path");
  if (process.stdin.isTTY)
    throw new UsageError("-: stdin is a terminal; pipe into this command, or redirect a file");
  return { stream: process.stdin, name };
}
