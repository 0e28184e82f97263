import type { WatchedProcess } from "../processes/watched-process.js";
import { untilListening } from "./listening.js";
import type { Station, Tool } from "./tool.js";

const port = 7000;
const blockBytes = 65_536;
const socat = ["socat", "-u", "-b", String(blockBytes)];

/** Every host passes on what it receives to the next one, unread. */
export const chain: Tool = {
  name: "chain",
  about: "socat and tee from host to host; nothing is verified",
  requirements: [{ package: "socat", probe: ["socat", "-V"] }],

  async start({ root, receivers, start }) {
    const links: WatchedProcess[] = [];
    // From the last to the first: each listens once only, until the one before it connects.
    for (const [at, station] of [...receivers.entries()].reverse()) {
      const script = relayScript(station, receivers[at + 1]);
      const link = start(station, "sh", ["-c", script], { hasChildren: true });
      await untilListening(link, port);
      links.unshift(link);
    }
    const [first] = receivers;
    if (first === undefined) throw new RangeError("a chain needs a receiver");
    const [program = "", ...args] = socat;
    const sender = start(root, program, [...args, `OPEN:${root.file}`, toNext(first)]);
    return {
      startedAtMs: sender.startedAtMs,
      completions: links.map(async (link) => (await link.success()).atMs),
    };
  },
};

/** What a host of the chain runs: it ends when all has gone through it. */
export function relayScript({ file }: Station, next: Station | undefined): string {
  const listen = `TCP-LISTEN:${port},reuseaddr`;
  const receive = [...socat, listen];
  if (next === undefined) return `exec ${[...receive, `CREATE:'${file}'`].join(" ")}`;
  const send = [...socat, "-", toNext(next)];
  return `${[...receive, "-"].join(" ")} | tee '${file}' | ${send.join(" ")}`;
}

function toNext({ host }: Station): string {
  return `TCP:${host.address}:${port}`;
}
