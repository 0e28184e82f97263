import { readFileSync } from "node:fs";
import { GroupKey, PalmTreeRelay } from "@palmtree/relay";
import { openTransport } from "@palmtree/transport";
import { lieNamed } from "./lies.js";
import { lyingTransport } from "./lying-transport.js";
import { trickleEverywhere } from "./trickle.js";

/** A member of the group that takes part as a lie says. */
export interface MemberOrder {
  readonly lie: string;
  /** An IP address and a port. */
  readonly listen: string;
  readonly directory: string;
  readonly keyFile: string;
}

/** What makes the program of the lab such a member, until it is ended. */
export const memberCommand = "member";

export function memberArguments({ lie, listen, directory, keyFile }: MemberOrder): string[] {
  return [memberCommand, lie, listen, directory, keyFile];
}

/** @param args - as `memberArguments` made them, without the first */
export async function runMember(args: readonly string[]): Promise<void> {
  const [lie = "", listen = "", directory = "", keyFile = ""] = args;
  const [host = "", port = ""] = listen.split(":");
  const liar = lieNamed(lie).make();
  if (liar.byteEveryMs !== undefined) trickleEverywhere(liar.byteEveryMs);
  await PalmTreeRelay.open({
    host,
    port: Number(port),
    directory,
    keys: [GroupKey.parse(readFileSync(keyFile, "utf8"))],
    openTransport: lyingTransport(liar, openTransport),
    onTransferEnd: (_, { status, bytes }) => tell({ type: "result", status, bytes }),
  });
  tell({ type: "listening" });
}

function tell(event: { readonly type: string; readonly [field: string]: unknown }): void {
  console.log(JSON.stringify(event));
}
