import { expect, test } from "vitest";
import type { Effect } from "../../src/core/effect.js";
import type { Member } from "../../src/core/member.js";
import { defaultPeerOptions } from "../../src/core/options.js";
import { Random } from "../../src/core/random.js";
import { SimulatedContent } from "../../src/sim/content.js";
import { Disk } from "../../src/sim/disk.js";
import { EventQueue } from "../../src/sim/event-queue.js";
import { Host, type World } from "../../src/sim/host.js";
import { calmNetwork } from "../../src/sim/network/conditions.js";
import { Network } from "../../src/sim/network/network.js";
import { Timeline } from "../../src/sim/network/timeline.js";
import { Listener, NetworkBench } from "./network-bench.js";

const [here, there] = ["10.0.0.1:1", "10.0.0.2:1"] as const;

/** A host whose machine wants what it is given, and somebody at the other end. */
function connected(): { want(...effects: Effect[]): void; pass(): void; listener: Listener } {
  const queue = new EventQueue();
  let now = 0;
  const timeline = new Timeline(queue, () => now);
  const network = new Network(timeline, new Random(1), calmNetwork);
  const content = new SimulatedContent(1, 32);
  const world: World = {
    timeline,
    network,
    session: "",
    content,
    sizes: content,
    pauses: new Map(),
    options: defaultPeerOptions,
    areHostsWary: false,
    mostDiskMs: 0,
    leftoverOf: () => undefined,
    onStep: () => undefined,
    check: () => undefined,
  };
  let wanted: Effect[] = [];
  const host = new Host(world, here, new Disk(undefined), new Random(2));
  const handle = (): readonly Effect[] => wanted.splice(0);
  host.machine = { handle, deadline: () => undefined } as unknown as Member;
  const listener = new Listener(new NetworkBench());
  network.attach(here, host);
  network.attach(there, listener);
  return {
    listener,
    want: (...effects) => {
      wanted = effects;
      host.handle({ type: "tick" });
    },
    pass: () => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        now = next.time;
        next.action();
      }
    },
  };
}

test.each([
  ["close-connection", ["frame alive", "close"]],
  ["drop-connection", ["close"]],
] as const)(
  "a host that wants %s does what a real one does: the other end hears %j",
  (type, heard) => {
    const { want, pass, listener } = connected();
    want({ type: "dial", connection: 1, to: there, peer: "", token: "" });
    pass();
    want({ type: "send-frame", connection: 1, frame: { type: "alive" } }, { type, connection: 1 });
    pass();
    expect(listener.ends[0]?.log).toEqual(heard);
  },
);
