import { afterEach, beforeEach, describe } from "vitest";
import { describeDatagrams } from "./compliance/datagrams.js";
import { describeEnd } from "./compliance/end.js";
import { describeFrames } from "./compliance/frames.js";
import { describeHoldingBack } from "./compliance/holding-back.js";
import { describeRules } from "./compliance/rules.js";
import { Stage } from "./compliance/stage.js";
import type { World } from "./peer.js";

/** What every transport promises, as tests. */
export function describeTransport(name: string, world: World): void {
  describe(name, () => {
    const stage = new Stage(world);

    beforeEach(() => stage.open());
    afterEach(() => stage.close());

    describeDatagrams(stage);
    describeFrames(stage);
    describeHoldingBack(stage);
    describeEnd(stage);
    describeRules(stage);
  });
}
