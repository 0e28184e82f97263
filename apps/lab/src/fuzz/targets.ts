import { relayTargets } from "@palmtree/relay/fuzz";
import { type AnyTarget, wireTargets } from "@palmtree/wire/fuzz";

/** Everything that is fuzzed. */
export const targets: readonly AnyTarget[] = [...wireTargets, ...relayTargets];

/** @throws RangeError when there is none of that name */
export function targetNamed(name: string): AnyTarget {
  const target = targets.find((each) => each.name === name);
  if (target === undefined) throw new RangeError(`no target has the name "${name}"`);
  return target;
}
