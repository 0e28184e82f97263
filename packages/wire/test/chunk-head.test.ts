import { Encoder } from "@msgpack/msgpack";
import { describe, expect, test } from "vitest";
import { encodeFrame, type Frame, FrameReader } from "../src/index.js";
import { framePrefix, join } from "./bytes.js";

const encoder = new Encoder();

describe("the head of a chunk", () => {
  const indexes = [0, 127, 128, 255, 256, 65_535, 65_536, 0x01020304, 2 ** 31 - 1, 2 ** 31];
  test.each(indexes)("has the general encoder's form for index %d", (index) => {
    for (const size of [1, 255, 256, 65_536, 0x01_02_03]) {
      const payload = new Uint8Array(size);
      let head: Uint8Array;
      try {
        head = encodeFrame({ type: "chunk", index, payload }).head;
      } catch (error) {
        // There are no more chunks than that.
        expect(error).toBeInstanceOf(RangeError);
        continue;
      }
      const body = encoder.encode([index]);
      expect(head).toEqual(join(framePrefix(5, body.length, size), body));
      const frames: Frame[] = [];
      new FrameReader().push(join(head, payload), (frame) => frames.push(frame));
      expect(frames).toMatchObject([{ type: "chunk", index }]);
    }
  });
});
