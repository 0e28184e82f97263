import type { Draw } from "@palmtree/wire/fuzz";

const parts = [
  "a",
  "b",
  "c",
  "1",
  "-",
  "_",
  " x",
  "é",
  "ß",
  "\u{1f334}",
  ".txt",
  "e\u0301",
  "Σ",
  "ς",
];

/** What makes a name mean something else, or something, on some system. */
export const strange: readonly string[] = [
  "..",
  ".",
  "/",
  "//",
  "\\",
  "\\\\host\\share",
  "C:",
  "c:",
  ":stream",
  "con",
  "NUL.txt",
  "com¹",
  "aux ",
  " ",
  ".",
  "...",
  "\u0000",
  "\u001b[2J",
  "\n",
  "\u2028",
  "\u202e",
  "\u200f",
  "\u200b",
  "\ufeff",
  "\ud800",
  "\udc00",
  ".palmtree-",
  ".PALMTREE-x",
  "ſ",
  "K",
  "ﬁ",
  "İ",
  "a".repeat(255),
  "é".repeat(128),
  "a/".repeat(64),
];

/** A component of a path; with probability `wrong` each of its parts is a strange one. */
export function drawName(draw: Draw, wrong: number): string {
  let name = draw.pick(parts).trim();
  for (let left = draw.below(4); left > 0; left -= 1)
    name += draw.chance(wrong) ? draw.pick(strange) : draw.pick(parts);
  return name;
}
