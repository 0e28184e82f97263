import type { Liar, Lie } from "./lie.js";
import { liesInActs } from "./lies/in-acts.js";
import { liesInDatagrams } from "./lies/in-datagrams.js";
import { liesInFrames } from "./lies/in-frames.js";
import { liesInTime } from "./lies/in-time.js";

/** What the others are compared with: the same program, which does as it should. */
export const honesty: Lie = {
  name: "honest",
  about: "does what it should",
  make: () => ({}),
};

/** Everything that a member is made to do. Liars complain of nobody: that would give them away. */
export const lies: readonly Lie[] = [
  ...liesInFrames,
  ...liesInDatagrams,
  ...liesInActs,
  ...liesInTime,
].map((lie) => ({ ...lie, make: () => hushed(lie.make()) }));

/** @throws RangeError when there is none of that name */
export function lieNamed(name: string): Lie {
  const found = [honesty, ...lies].find((lie) => lie.name === name);
  if (found === undefined) throw new RangeError(`no lie has the name ${JSON.stringify(name)}`);
  return found;
}

function hushed({ onDatagram, ...liar }: Liar): Liar {
  return {
    ...liar,
    onDatagram: (said, vantage) => {
      if (said.message.type === "trouble") return [];
      return onDatagram?.(said, vantage) ?? [said];
    },
  };
}
