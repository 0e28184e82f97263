import { readFile } from "node:fs/promises";
import { isPalmTreeError, wireLimits } from "@palmtree/wire";
import { badValue, quote, UsageError, unreadable } from "../usage-error.js";

/** A peer that the caller listed. */
export interface ListedPeer {
  /** `HOST` or `HOST:PORT`. */
  readonly text: string;
  /** Where it was listed: `--to`, or `hosts.txt, line 3`. */
  readonly origin: string;
}

const form = "HOST or HOST:PORT, port 1 to 65535";

/** Reads one `--to`: peers, separated by commas. */
export function peersIn(text: string): readonly ListedPeer[] {
  const peers = text.split(",").map((part) => ({ text: part.trim(), origin: "--to" }));
  if (peers.some((peer) => peer.text === "")) throw badValue("--to", text, `${form}, with commas`);
  return peers;
}

/** Reads a hosts file: one peer on a line; `#` begins a comment. */
export async function readHostsFile(path: string): Promise<readonly ListedPeer[]> {
  const content = await readFile(path, "utf8").catch((cause: unknown) => {
    throw unreadable("--hosts-file", path, cause);
  });
  const name = quote(path).slice(1, -1);
  const peers = content
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .map((line, index) => ({
      text: line.replace(/#.*$/, "").trim(),
      origin: `${name}, line ${index + 1}`,
    }))
    .filter(({ text }) => text !== "");
  const bad = peers.find(({ text }) => /[\s,]/.test(text));
  if (bad !== undefined) throw badValue(bad.origin, bad.text, `one ${form}`);
  return peers;
}

/** All peers that were listed. */
export async function listPeers(
  to: readonly ListedPeer[],
  hostsFile: string | undefined,
): Promise<readonly ListedPeer[]> {
  const peers = [...to, ...(hostsFile === undefined ? [] : await readHostsFile(hostsFile))];
  if (peers.length === 0) {
    const where = hostsFile === undefined ? "--to or --hosts-file" : `${quote(hostsFile)}`;
    throw new UsageError(
      hostsFile === undefined
        ? `nobody to send to: list the peers with ${where}`
        : `--hosts-file: ${where} lists no peer`,
    );
  }
  const most = wireLimits.peerCount - 1;
  if (peers.length > most)
    throw new UsageError(`--to: got ${peers.length} peers, expected at most ${most}`);
  return peers;
}

/**
 * The usage error for what the sender says about the peers: where that peer was listed is added.
 * Anything else is returned as it is.
 */
export function namingOrigin(error: unknown, peers: readonly ListedPeer[]): unknown {
  if (!isPalmTreeError(error) || error.code !== "address-invalid") return error;
  const { got, same, address } = error.facts;
  const listed = peers.filter(({ text }) => text === got);
  const peer = same === got ? listed.at(-1) : listed[0];
  if (peer === undefined) return error;
  if (same === undefined) return badValue(peer.origin, peer.text, form);
  const other = same === got ? "is listed twice" : `and ${quote(String(same))} are one peer`;
  const where = `${quote(peer.text)} ${other}, ${String(address)}`;
  return new UsageError(`${peer.origin}: ${where}`, { cause: error });
}
