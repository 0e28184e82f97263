import type { Lie } from "../lie.js";

/** Lies about nothing but how fast a member is. */
export const liesInTime: readonly Lie[] = [
  {
    name: "byte-a-second",
    about: "sends a byte a second over each connection, after its first 100 KiB",
    make: () => ({ byteEveryMs: 1_000 }),
  },
];
