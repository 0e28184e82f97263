import {
  checkPrintable,
  type Draw,
  type FuzzTarget,
  keptAsText,
  mutateText,
  promise,
} from "@palmtree/wire/fuzz";
import { listenOption } from "../../src/options/listen.js";
import { peersIn } from "../../src/options/peer-list.js";
import {
  choiceOption,
  integerOption,
  secondsOption,
  sizeOption,
  type ValueParser,
} from "../../src/options/values.js";
import { UsageError } from "../../src/usage-error.js";

const parts = [
  "0",
  "1",
  "9",
  "-",
  "+",
  ".",
  ",",
  " ",
  "\n",
  "e",
  "x",
  "Ki",
  "KiB",
  "G",
  ":",
  "[",
  "]",
  "::",
  "%",
  "١",
  "\u001b[2J",
  "\u202e",
  "\ud800",
  "#",
];

/** Each parser with texts that it takes, and what has to hold of the value. */
const options: readonly {
  readonly parse: ValueParser<unknown>;
  readonly texts: readonly string[];
  readonly isRight: (value: unknown) => boolean;
}[] = [
  {
    parse: integerOption("--fanout", 1, 64),
    texts: ["1", "4", "64"],
    isRight: (value) => isWithin(value, 1, 64) && Number.isInteger(value),
  },
  {
    parse: secondsOption("--timeout", 0.1, 86_400),
    texts: ["0.1", "30", "86400", "1.5"],
    isRight: (value) => isWithin(value, 100, 86_400_000) && Number.isInteger(value),
  },
  {
    parse: sizeOption("--chunk-size", 1_024, 2 ** 24),
    texts: ["64KiB", "65536", "1 MiB", "16m"],
    isRight: (value) => isWithin(value, 1_024, 2 ** 24) && Number.isInteger(value),
  },
  {
    parse: choiceOption("--strategy", ["tree", "pipeline"]),
    texts: ["tree", "pipeline"],
    isRight: (value) => value === "tree" || value === "pipeline",
  },
  {
    parse: listenOption(4_747),
    texts: ["0.0.0.0", "host:1", "[::1]:65535", "::1"],
    isRight: (value) => isWithin((value as { readonly port: number }).port, 0, 65_535),
  },
  {
    parse: peersIn,
    texts: ["a", "10.0.0.1:4747,b", "[::1]:1, host"],
    isRight: (value) => (value as readonly unknown[]).length > 0,
  },
];

/** The parsers of the command's options. */
export const optionTarget: FuzzTarget<readonly [option: number, text: string]> = {
  name: "options",
  promise:
    "an option's parser throws a UsageError that may be printed, or gives a value in its range",
  mostMs: 100,
  draw: (draw: Draw) => {
    const at = draw.below(options.length);
    const text = draw.pick(options[at]?.texts ?? []);
    return [at, draw.chance(0.25) ? text : mutateText(text, parts, draw)];
  },
  check: ([at, text]) => {
    const option = options[at] as (typeof options)[number];
    try {
      promise(option.isRight(option.parse(text)), "the value is out of its range");
      return "accepted";
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      checkPrintable(error.message, 100 + 10 * text.length);
      return "refused";
    }
  },
  write: keptAsText.write as never,
  read: keptAsText.read as never,
};

function isWithin(value: unknown, min: number, max: number): boolean {
  return typeof value === "number" && value >= min && value <= max;
}
