import { dirname, join } from "node:path";
import { libtorrentProgram, torrentProgram } from "./libtorrent-program.js";
import type { Tool } from "./tool.js";

/** Debian's own: another Python on PATH does not see Debian's libraries. */
const python = "/usr/bin/python3";

/** A swarm: hosts fetch pieces from whoever has them. */
export const libtorrent: Tool = {
  name: "libtorrent",
  about: "a BitTorrent swarm by libtorrent 2.0, SHA-1 of every piece",
  requirements: [{ package: "python3-libtorrent", probe: [python, "-c", "import libtorrent"] }],

  async start({ root, receivers, start }) {
    const torrent = join(root.directory, "payload.torrent");
    await start(root, python, ["-c", torrentProgram, root.file, torrent]).success();
    const seed = start(
      root,
      python,
      ["-c", libtorrentProgram, root.host.address, dirname(root.file), torrent, "seed"],
      { isTold: true },
    );
    const peers = receivers.map((station, at) => {
      const earlier = [root, ...receivers.slice(0, at)].map(({ host }) => host.address);
      const args = [station.host.address, station.directory, torrent, "fetch", ...earlier];
      return start(station, python, ["-c", libtorrentProgram, ...args], { isTold: true });
    });
    await Promise.all([seed, ...peers].map((process) => process.first("ready")));
    const startedAtMs = performance.now();
    for (const process of [seed, ...peers]) process.tell("connect");
    return {
      startedAtMs,
      completions: peers.map(async (peer) => (await peer.first("complete")).atMs),
    };
  },
};
