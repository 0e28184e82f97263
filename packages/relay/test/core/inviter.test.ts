import { nobody } from "@palmtree/wire";
import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import { Inviter } from "../../src/core/invite/inviter.js";
import { address, makeContext, makeInvite } from "./parts.js";

const invite = makeInvite();
const cookie = new Uint8Array(16).fill(7);
let context: Context;
let inviter: Inviter;

beforeEach(() => {
  context = makeContext();
  inviter = new Inviter(context, invite);
});

describe("a challenge", () => {
  test("from where somebody was invited is answered with the cookie", () => {
    inviter.invite(address(1));
    context.takeEffects();
    inviter.onChallenge(address(1), cookie);
    expect(context.takeEffects()).toEqual([
      {
        type: "send-datagram",
        to: address(1),
        receiver: nobody,
        message: { ...invite, cookie },
      },
    ]);
  });

  test("is answered once for each invitation, however often it comes", () => {
    for (const invited of [1, 2]) {
      inviter.invite(address(1));
      context.takeEffects();
      for (const _ of [1, 2, 3]) inviter.onChallenge(address(1), cookie);
      expect(context.takeEffects(), `after ${invited}`).toHaveLength(1);
    }
  });

  test("from anywhere else is not answered: an invitation is longer than it", () => {
    inviter.invite(address(1));
    context.takeEffects();
    inviter.onChallenge(address(2), cookie);
    expect(context.takeEffects()).toEqual([]);
  });

  test("from whom 65,536 others were invited after is not answered any more", () => {
    for (let count = 0; count <= 65_536; count += 1) inviter.invite(`10.0.0.1:${count + 1}`);
    context.takeEffects();
    inviter.onChallenge("10.0.0.1:1", cookie);
    expect(context.takeEffects()).toEqual([]);
    inviter.onChallenge("10.0.0.1:2", cookie);
    expect(context.takeEffects()).toHaveLength(1);
  });
});
