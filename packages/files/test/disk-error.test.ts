import { PalmTreeError } from "@palmtree/wire";
import { describe, expect, it } from "vitest";
import { destinationError, sourceError } from "../src/disk-error.js";

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it went wrong`), { code });
}

describe("an error of the operating system", () => {
  it("at the destination says whether it is space, permission or something else", () => {
    const codes: readonly [string, string][] = [
      ["ENOSPC", "disk-full"],
      ["EDQUOT", "disk-full"],
      ["EACCES", "not-writable"],
      ["EPERM", "not-writable"],
      ["EROFS", "not-writable"],
      ["EIO", "store-failed"],
      ["EMFILE", "store-failed"],
      ["ENAMETOOLONG", "store-failed"],
    ];
    for (const [system, code] of codes) {
      const cause = systemError(system);
      const error = destinationError(cause, "write", "/d/x");
      expect(error).toMatchObject({ code, fault: "local", cause, facts: { path: "/d/x", system } });
      expect(error.message).toBe(`Cannot write /d/x: ${system}`);
    }
  });

  it("at the source says whether nothing is there, or it cannot be read", () => {
    for (const system of ["ENOENT", "ENOTDIR", "ELOOP"]) {
      expect(sourceError(systemError(system), "/x", "source-missing").code).toBe("source-missing");
      expect(sourceError(systemError(system), "/x", "source-changed").code).toBe("source-changed");
    }
    for (const system of ["EACCES", "EPERM", "EIO", "EISDIR"]) {
      expect(sourceError(systemError(system), "/x", "source-missing")).toMatchObject({
        code: "source-unreadable",
        facts: { path: "/x", system },
      });
    }
  });

  it("is wrapped once, and its path is safe to print", () => {
    const error = new PalmTreeError("disk-full", "no space");
    expect(destinationError(error, "write", "/x")).toBe(error);
    expect(sourceError(error, "/x", "source-missing")).toBe(error);
    expect(destinationError("odd", "write", "/\u001b[2J").message).toBe(
      "Cannot write /\\u{1b}[2J: odd",
    );
  });
});
