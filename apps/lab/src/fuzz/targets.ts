import { cliTargets } from "@palmtree/cli/fuzz";
import { filesTargets } from "@palmtree/files/fuzz";
import { relayTargets } from "@palmtree/relay/fuzz";
import { transportTargets } from "@palmtree/transport/fuzz";
import { type AnyTarget, wireTargets } from "@palmtree/wire/fuzz";

/** Everything that is fuzzed. */
export const targets: readonly AnyTarget[] = [
  ...wireTargets,
  ...transportTargets,
  ...filesTargets,
  ...cliTargets,
  ...relayTargets,
];

/** @throws RangeError when there is none of that name */
export function targetNamed(name: string): AnyTarget {
  const target = targets.find((each) => each.name === name);
  if (target === undefined) throw new RangeError(`no target has the name "${name}"`);
  return target;
}
