import { connect, type Socket } from "node:net";
import { type ControlMessage, makeKnock, type PeerId, wireLimits } from "@palmtree/wire";
import type { Liar, Lie } from "../lie.js";
import type { Vantage } from "../vantage.js";

function doing(everyMs: number, perform: (vantage: Vantage) => void): Liar {
  return { act: { everyMs, perform } };
}

/** What it said before, one datagram after the other, from the oldest. */
function repeating(how: (kept: Vantage["kept"][number], vantage: Vantage) => void): Liar {
  let at = 0;
  return doing(5, (vantage) => {
    const { kept } = vantage;
    at += 1;
    const one = kept[at % Math.max(1, kept.length)];
    if (one !== undefined) how(one, vantage);
  });
}

/** The same words, as if they were new. */
function sayAgain({ datagram }: Vantage["kept"][number], vantage: Vantage): void {
  const peer = vantage.peers.find(({ id }) => id === datagram.receiver);
  if (peer !== undefined) vantage.tell(peer, datagram.message);
}

/** What would do harm if it came from the peer in whose name it is said. */
const endings: readonly ControlMessage[] = [
  { type: "ended" },
  { type: "leave", code: "", detail: "" },
  { type: "downgrade", link: "tree", reason: "leaving" },
  { type: "downgrade", link: "sink", reason: "leaving" },
  { type: "downgrade", link: "source", reason: "leaving" },
  { type: "tree-reject", reason: "leaving" },
  { type: "upgrade-reject", link: "source", reason: "leaving" },
];

/** No peer of a session, as far as anybody knows. */
const stranger: PeerId = "5".repeat(16);

/** To everybody in the name of everybody else, and of somebody who is no neighbour of anybody. */
function spoof(vantage: Vantage): void {
  const names = [...vantage.peers.map(({ id }) => id), stranger];
  for (const to of vantage.peers)
    for (const name of names)
      if (name !== to.id) for (const message of endings) vantage.tell(to, message, name);
}

/** In its own name, what only the root says. */
function playRoot(vantage: Vantage): void {
  const { peers } = vantage;
  const others = peers.filter(({ number }) => number > 0);
  const nobodyLeft = { type: "neighbours", peerCount: 2, neighbours: [] } as const;
  for (const to of others) {
    vantage.tell(to, { type: "ended" });
    vantage.tell(to, { ...nobodyLeft, revision: 1_000, number: to.number });
    vantage.tell(to, { type: "plan", revision: 1_000, sources: [to.number], peers: [] });
  }
}

/** Everybody is to be its child, and its children, its parent and itself are to be its parents. */
function goInCircles(vantage: Vantage): void {
  const { peers, pulse } = vantage;
  for (const peer of peers) {
    vantage.tell(peer, { type: "tree-check", pulse, depth: 0 });
    vantage.tell(peer, { type: "orphan", pulse: 0 });
    vantage.tell(peer, { type: "upgrade-request", link: "tree" });
  }
}

/** Whoever has given it a connection takes that one for lost, and offers another. */
function askAnew(vantage: Vantage): void {
  for (const peer of vantage.peers)
    for (const link of ["sink", "tree"] as const)
      vantage.tell(peer, { type: "upgrade-request", link });
}

/**
 * Everything that somebody has to answer, eight questions. More of them than this would show how many
 * signatures one machine can make and check that does the work of all hosts.
 */
function flood(vantage: Vantage): void {
  const { peers, pulse } = vantage;
  for (const peer of peers) {
    for (let count = 0; count < 5; count += 1) vantage.tell(peer, { type: "probe", count });
    vantage.tell(peer, { type: "orphan", pulse: 0 });
    vantage.tell(peer, { type: "tree-check", pulse, depth: 0 });
    vantage.tell(peer, makeKnock());
  }
}

/** Asks for all that can be asked for at once, over every connection. */
function wantEverything({ links, invite }: Vantage): void {
  const count = Math.min(invite?.chunkCount ?? 1, wireLimits.wantedChunks);
  for (const link of links) link.send({ type: "want", runs: [{ first: 0, count }] });
}

/** Chunks that nobody asked for, over every connection, also where none may come. */
function sendAnything({ links, invite }: Vantage): void {
  const payload = new Uint8Array(invite?.chunkSizeBytes ?? 1);
  for (const link of links) link.send({ type: "chunk", index: 0, payload });
}

/** Sockets at once to each peer: with those of a few peers more than a process may have by default. */
const mostSockets = 1_000;

/** Opens connections to everybody, says nothing over them, and opens those anew that are ended. */
function exhausting(): Liar {
  const sockets = new Set<Socket>();
  return doing(20, ({ peers }) => {
    for (const { address } of peers) {
      if (sockets.size >= mostSockets * peers.length) return;
      const at = address.lastIndexOf(":");
      for (let count = 0; count < 2; count += 1) {
        const socket = connect(Number(address.slice(at + 1)), address.slice(0, at));
        sockets.add(socket);
        socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
        socket.unref();
      }
    }
  });
}

/** Reads nothing more, whatever its machine says. */
function stopReading({ links }: Vantage): void {
  for (const link of links) link.pause();
}

/** Lets nobody keep a connection for long. */
function hangUp({ links }: Vantage): void {
  for (const link of links) link.destroy();
}

/** What a member does without being asked. */
export const liesInActs: readonly Lie[] = [
  {
    name: "wants-everything",
    about: "asks everybody for every chunk, 20 times a second",
    make: () => doing(50, wantEverything),
  },
  {
    name: "sends-anything",
    about: "sends chunks to whoever it has a connection with, also to its parent",
    make: () => doing(100, sendAnything),
  },
  {
    name: "reads-nothing",
    about: "stops reading what it is sent: chunks, requests, progress",
    make: () => doing(50, stopReading),
  },
  {
    name: "hangs-up",
    about: "ends every connection that it has, twice a second",
    make: () => doing(500, hangUp),
  },
  {
    name: "repeats-datagrams",
    about: "says every datagram again and again, byte for byte: upgrades, rejects",
    make: () => repeating((kept, vantage) => vantage.repeat(kept)),
  },
  {
    name: "repeats-itself",
    about: "says the same again and again, as if it were new: upgrades, rejects",
    make: () => repeating(sayAgain),
  },
  {
    name: "spoofs-others",
    about: "says in the name of everybody that they leave, and that all is over",
    make: () => doing(50, spoof),
  },
  {
    name: "plays-root",
    about: "says to everybody what only the root may say",
    make: () => doing(50, playRoot),
  },
  {
    name: "goes-in-circles",
    about: "wants everybody as its child, and everybody as its parent",
    make: () => doing(50, goInCircles),
  },
  {
    name: "floods-requests",
    about: "asks everybody for everything that has to be answered, 200 times a second each",
    make: () => doing(40, flood),
  },
  {
    name: "asks-anew",
    about: "asks everybody for the connections that it has, 20 times a second",
    make: () => doing(50, askAnew),
  },
  {
    name: "exhausts-sockets",
    about: "opens 100 connections a second to everybody, and says nothing over them",
    make: exhausting,
  },
];
