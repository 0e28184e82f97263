import { type ControlMessage, wireLimits } from "@palmtree/wire";
import type { Liar, Lie, Said } from "../lie.js";
import type { Vantage } from "../vantage.js";

function saying(lie: (message: ControlMessage) => readonly ControlMessage[]): Liar {
  return {
    onDatagram: (said) => lie(said.message).map((message) => ({ ...said, message })),
  };
}

/** Accuses everybody whenever it shows that it is there. */
function blaming(said: Said, { peers }: Vantage): readonly Said[] {
  const root = peers.find(({ number }) => number === 0);
  const { type } = said.message;
  if (root === undefined || (type !== "probe-ack" && type !== "pong")) return [said];
  const blames = peers.map(({ number }) => ({
    to: root.address,
    receiver: root.id,
    message: { type: "blame", number, code: "chunk-corrupt", detail: "" } as const,
  }));
  return [said, ...blames];
}

/** Lies about what goes in datagrams. */
export const liesInDatagrams: readonly Lie[] = [
  {
    name: "pulse-out-of-reach",
    about: "tells a pulse that the root will never reach",
    make: () =>
      saying((message) =>
        message.type === "ping" || message.type === "tree-check"
          ? [{ ...message, pulse: wireLimits.sequence }]
          : [message],
      ),
  },
  {
    name: "blames-others",
    about: "blames everybody for what they did not do",
    make: () => ({ onDatagram: blaming }),
  },
  {
    name: "false-tokens",
    about: "offers connections, and does not take them",
    make: () =>
      saying((message) =>
        message.type === "upgrade-accept" ? [{ ...message, token: "0123456789abcdef" }] : [message],
      ),
  },
  {
    name: "refuses-links",
    about: "refuses every connection that it is asked for",
    make: () =>
      saying((message) =>
        message.type === "upgrade-accept"
          ? [{ type: "upgrade-reject", link: message.link, reason: "busy" }]
          : [message],
      ),
  },
  {
    name: "answers-nothing",
    about: "answers no probe, no ping and no question for a connection",
    make: () =>
      saying((message) =>
        ["probe-ack", "pong", "upgrade-accept", "upgrade-reject"].includes(message.type)
          ? []
          : [message],
      ),
  },
];
