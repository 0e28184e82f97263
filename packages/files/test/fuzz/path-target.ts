import { posix, win32 } from "node:path";
import {
  checkPrintable,
  type Draw,
  type FuzzTarget,
  keptAsText,
  mutateText,
  promise,
} from "@palmtree/wire/fuzz";
import { checkComponent, checkPath, escapeForTerminal, NameSet } from "../../src/core/safe-path.js";
import { drawName, strange } from "./names.js";

/** `checkPath`, `escapeForTerminal` and `NameSet`. */
export const pathTarget: FuzzTarget<string> = {
  name: "path",
  promise:
    "checkPath takes no path that leaves its directory on any system, and says why in words that may be printed",
  mostMs: 100,
  draw: drawPath,
  check: (path) => {
    checkPrintable(escapeForTerminal(path), Number.MAX_SAFE_INTEGER);
    const names = new NameSet();
    names.add("a/b");
    checkPrintable(names.add(path) ?? "", 100_000);
    promise(names.add(path) !== undefined, "a path does not collide with itself");
    const reason = checkPath(path);
    if (reason !== undefined) {
      checkPrintable(reason);
      return "refused";
    }
    checkInside(path);
    return "accepted";
  },
  ...keptAsText,
};

/** What the two families of systems make of it, by Node's own reading. */
function checkInside(path: string): void {
  promise(posix.resolve("/there", path) === `/there/${path}`, "elsewhere on POSIX");
  const onWindows = win32.resolve("C:\\there", path);
  promise(
    onWindows === `C:\\there\\${path.replaceAll("/", "\\")}`,
    () => `${onWindows} on Windows`,
  );
  promise(Buffer.from(path).toString() === path, "it does not survive UTF-8");
  for (const name of path.split("/"))
    promise(checkComponent(name) === undefined && name.trim() === name, "a component is unsafe");
}

function drawPath(draw: Draw): string {
  const names = Array.from({ length: 1 + draw.below(5) }, () => drawName(draw, 0.03));
  const path = names.join("/");
  return draw.chance(0.4) ? path : mutateText(path, strange, draw);
}
