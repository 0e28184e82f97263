import { describe, expect, test } from "vitest";
import type { Introduction } from "../../src/core/hypercube/introduction.js";
import { Inviter } from "../../src/core/invite/inviter.js";
import { Latecomers } from "../../src/core/invite/latecomers.js";
import { address, makeContext, makeInvite, peer } from "./parts.js";

/** What the root says to a peer with a number that answers its recall, as long as the session runs. */
function answerTo(hasFailed: boolean): unknown[] {
  const context = makeContext();
  const door = new Latecomers(context, new Inviter(context, makeInvite()), {
    onAbsent: () => undefined,
    missing: () => [],
    hasFailed: () => hasFailed,
  });
  const introduction: Pick<Introduction, "numberOf" | "count"> = { numberOf: () => 3, count: 5 };
  door.open(introduction as Introduction);
  door.onJoin(address(3), peer(3).id);
  return [...context.takeEffects()];
}

describe("a peer that answers a recall", () => {
  test("and is given up is told so, as often as it answers: it may not have heard of it", () => {
    expect(answerTo(true)).toMatchObject([
      {
        type: "send-datagram",
        to: address(3),
        receiver: peer(3).id,
        message: { type: "decline", reason: "refused" },
      },
    ]);
  });

  test("and takes part is told nothing", () => {
    expect(answerTo(false)).toEqual([]);
  });
});
