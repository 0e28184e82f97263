import { execFileSync } from "node:child_process";
import { chmod, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeManifest, type Manifest, scanSources, sha256 } from "../src/index.js";
import { onLinux, onWindows } from "./support/platform.js";
import { temporaryDirectory } from "./support/temporary-directory.js";
import { makeTree, setStats } from "./support/tree.js";

function pathsOf({ entries }: Manifest): string[] {
  return Array.from(entries, ({ path }) => path);
}

/** Node cannot make one. */
function makePipe(path: string): void {
  const program = "mkfifo";
  execFileSync(program, [path]);
}

describe("a scan", () => {
  it("finds a file, with its size, permissions and time", async () => {
    const base = await temporaryDirectory();
    await makeTree(base, { "a file.bin": new Uint8Array(70_000) });
    await setStats(join(base, "a file.bin"), 0o640, 1_600_000_000_123);
    const scanned = await scanSources([join(base, "a file.bin")]);
    expect({ ...scanned.manifest, entries: [...scanned.manifest.entries] }).toEqual({
      name: "a file.bin",
      chunkSizeBytes: 65_536,
      entries: [
        {
          path: "a file.bin",
          kind: "file",
          sizeBytes: 70_000,
          mode: 0o640,
          modifiedMs: 1_600_000_000_123,
        },
      ],
    });
    expect(scanned.layout.chunkCount).toBe(2);
    expect(scanned.pathOf(0)).toBe(join(base, "a file.bin"));
    expect(scanned.skipped).toEqual([]);
  });

  it("finds all that is in a directory, empty directories too, in the manifest's order", async () => {
    const base = await temporaryDirectory();
    await makeTree(base, {
      "d/b/y": "yy",
      "d/b/x": "x",
      "d/b!": "!",
      "d/b-": "-",
      "d/é": "é",
      "d/🌴": "🌴",
      "d/\uffee": "h",
      "d/empty/empty": undefined,
      "d/zero": "",
    });
    const scanned = await scanSources([join(base, "d")]);
    const paths = pathsOf(scanned.manifest);
    expect(paths).toEqual([
      "d",
      "d/b",
      "d/b/x",
      "d/b/y",
      "d/b!",
      "d/b-",
      "d/empty",
      "d/empty/empty",
      "d/zero",
      "d/é",
      "d/\uffee",
      "d/🌴",
    ]);
    for (const [index, path] of paths.entries())
      expect(scanned.pathOf(index)).toBe(join(base, path));
    expect(() => scanned.pathOf(paths.length)).toThrow(RangeError);
  });

  it("gives a manifest that every receiver accepts, and its hash", async () => {
    const base = await temporaryDirectory();
    await makeTree(base, { "d/a": "a", "d/e/f": "f", g: "g" });
    const { manifest, manifestBytes, manifestHash } = await scanSources([
      join(base, "g"),
      join(base, "d"),
    ]);
    expect([...decodeManifest(manifestBytes).entries]).toEqual([...manifest.entries]);
    expect(manifestHash).toEqual(sha256(manifestBytes));
    expect(manifest.name).toBe("g and 1 more");
    expect(pathsOf(manifest)).toEqual(["d", "d/a", "d/e", "d/e/f", "g"]);
  });

  it("names a manifest in at most 255 bytes", async () => {
    const base = await temporaryDirectory();
    const long = `${"é".repeat(125)}x`;
    await makeTree(base, { [long]: "a", b: "b" });
    const { manifest } = await scanSources([join(base, long), join(base, "b")]);
    expect(manifest.name).toMatch(/^é+ and 1 more$/);
    expect(Buffer.byteLength(manifest.name)).toBeLessThanOrEqual(255);
  });

  it("cuts files into chunks of the size that is asked for", async () => {
    const base = await temporaryDirectory();
    await makeTree(base, { a: new Uint8Array(5000) });
    const { layout } = await scanSources([join(base, "a")], { chunkSizeBytes: 2048 });
    expect(layout.chunkCount).toBe(3);
    for (const chunkSizeBytes of [0, 1023, 2 ** 24 + 1, 2048.5, Number.NaN]) {
      await expect(scanSources([join(base, "a")], { chunkSizeBytes })).rejects.toThrow(RangeError);
    }
  });

  it.skipIf(onWindows)("follows a link that is given, and keeps links inside", async () => {
    const base = await temporaryDirectory();
    await makeTree(base, { "real/a": "a", "real/d/b": "b" });
    await symlink("./d//b", join(base, "real/b-link"));
    await symlink("../a", join(base, "real/d/up"));
    await symlink("nowhere/", join(base, "real/dangling"));
    await symlink("real", join(base, "alias"));
    const scanned = await scanSources([join(base, "alias")]);
    const found = Array.from(scanned.manifest.entries, ({ path, kind, target, sizeBytes }) =>
      kind === "link" ? `${path} -> ${target}` : `${path} ${sizeBytes}`,
    );
    expect(found).toEqual([
      "alias 0",
      "alias/a 1",
      "alias/b-link -> d/b",
      "alias/d 0",
      "alias/d/b 1",
      "alias/d/up -> ../a",
      "alias/dangling -> nowhere",
    ]);
    expect(scanned.pathOf(1)).toBe(join(base, "real/a"));
    expect(scanned.skipped).toEqual([]);
  });

  it.skipIf(onWindows)("fails at a link that leads out, and names it, or skips all", async () => {
    const outside = ["../secret", "/etc/passwd", "a/../../secret", "..", "l/x", "../d/a"];
    for (const target of outside) {
      const base = await temporaryDirectory();
      await makeTree(base, { "d/a": "a", secret: "s" });
      await symlink("a", join(base, "d/l"));
      await symlink(target, join(base, "d/out"));
      const path = join(base, "d/out");
      await expect(scanSources([join(base, "d")])).rejects.toMatchObject({
        code: "source-unsupported",
        facts: { path },
        message: expect.stringContaining(`The symbolic link ${path} cannot be sent: `),
      });
      const { manifest, skipped } = await scanSources([join(base, "d")], { links: "skip" });
      expect(pathsOf(manifest)).toEqual(["d", "d/a"]);
      expect(skipped).toEqual([
        { path: join(base, "d/l"), why: "is a symbolic link" },
        { path, why: "is a symbolic link" },
      ]);
    }
  });

  it.skipIf(onWindows)("refuses pipes and sockets, wherever they are", async () => {
    const base = await temporaryDirectory();
    await makeTree(base, { "d/a": "a", "e/a": "a" });
    makePipe(join(base, "d/pipe"));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(base, "e/socket"), resolve));
    for (const [given, path] of [
      ["d", "d/pipe"],
      ["d/pipe", "d/pipe"],
      ["e", "e/socket"],
      ["e/socket", "e/socket"],
    ] as const) {
      await expect(scanSources([join(base, given)])).rejects.toMatchObject({
        code: "source-unsupported",
        facts: { path: join(base, path) },
      });
    }
    await expect(scanSources(["/dev/null"])).rejects.toMatchObject({ code: "source-unsupported" });
    await new Promise((resolve) => server.close(resolve));
  });

  it("skips what a transfer under way has staged, and refuses it by name", async () => {
    const base = await temporaryDirectory();
    await makeTree(base, { "d/.palmtree-0123/content/x": "x", "d/a": "a" });
    const scanned = await scanSources([join(base, "d")]);
    expect(pathsOf(scanned.manifest)).toEqual(["d", "d/a"]);
    expect(scanned.skipped).toEqual([
      { path: join(base, "d/.palmtree-0123"), why: "is a transfer under way" },
    ]);
    await expect(scanSources([join(base, "d/.palmtree-0123")])).rejects.toMatchObject({
      code: "name-unsafe",
    });
  });

  it("says which path is missing", async () => {
    const base = await temporaryDirectory();
    await makeTree(base, { a: "a" });
    for (const path of [join(base, "nothing"), join(base, "a", "below")]) {
      await expect(scanSources([join(base, "a"), path])).rejects.toMatchObject({
        code: "source-missing",
        fault: "local",
        facts: { path },
      });
    }
  });

  it.skipIf(onWindows)("says which path cannot be read", async () => {
    if (process.getuid?.() === 0) {
      console.info("not tried as root, who can read everything; the command's own tests do it");
      return;
    }
    const base = await temporaryDirectory();
    await makeTree(base, { "d/a": "a", "d/b": "b", "e/c": "c" });
    await chmod(join(base, "d/b"), 0o200);
    await chmod(join(base, "e"), 0o300);
    for (const [given, path] of [
      ["d", "d/b"],
      ["d/b", "d/b"],
      ["e", "e"],
    ] as const) {
      await expect(scanSources([join(base, given)])).rejects.toMatchObject({
        code: "source-unreadable",
        facts: { path: join(base, path) },
      });
    }
    await chmod(join(base, "e"), 0o700);
  });

  it.skipIf(onWindows)("refuses names that are not safe everywhere, and says which", async () => {
    for (const name of ["a:b", "a\\b", "nul", "a.", "a ", "a\u001b[2J"]) {
      const base = await temporaryDirectory();
      await makeTree(base, { [`d/${name}`]: "x" });
      await expect(scanSources([join(base, "d")])).rejects.toMatchObject({
        code: "name-unsafe",
        facts: { path: join(base, "d", name) },
      });
      await expect(scanSources([join(base, "d", name)])).rejects.toMatchObject({
        code: "name-unsafe",
      });
    }
  });

  it.skipIf(!onLinux)("refuses names that are one name elsewhere", async () => {
    const base = await temporaryDirectory();
    await makeTree(base, { "d/README": "a", "d/readme": "b" });
    await expect(scanSources([join(base, "d")])).rejects.toMatchObject({ code: "name-unsafe" });
  });

  it.skipIf(!onLinux)("refuses a name that is not UTF-8", async () => {
    const base = await temporaryDirectory();
    await makeTree(base, { "d/a": "a" });
    await writeFile(Buffer.concat([Buffer.from(join(base, "d/")), Buffer.of(0xff, 0xfe)]), "x");
    await expect(scanSources([join(base, "d")])).rejects.toMatchObject({
      code: "name-unsafe",
      facts: { problem: "its name is not UTF-8" },
    });
  });

  it("refuses two paths that would land as one", async () => {
    const base = await temporaryDirectory();
    await makeTree(base, { "d/a": "1", "e/a": "2", "e/A.txt": "3", "d/a.TXT": "4" });
    for (const pair of [
      ["d/a", "e/a"],
      ["d/a", "d/a"],
      ["e/A.txt", "d/a.TXT"],
    ]) {
      const paths = pair.map((path) => join(base, path));
      await expect(scanSources(paths)).rejects.toMatchObject({ code: "name-unsafe" });
    }
  });

  it("refuses nothing, and what has no name", async () => {
    await expect(scanSources([])).rejects.toThrow(RangeError);
    await expect(scanSources(["/"])).rejects.toMatchObject({ code: "name-unsafe" });
  });

  it("lands a path as the last component that it means", async () => {
    const base = await temporaryDirectory();
    await makeTree(base, { "d/e/a": "a" });
    for (const path of ["d/", "d/.", "d/e/.."]) {
      const { manifest } = await scanSources([`${base}/${path}`]);
      expect(manifest.entries.at(0)?.path).toBe("d");
    }
  });

  it("stops when it is told to, with the reason it is given", async () => {
    const base = await temporaryDirectory();
    await makeTree(base, { "d/a": "a" });
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await expect(scanSources([join(base, "d")], { signal })).rejects.toBe(reason);
    await expect(scanSources([join(base, "d/a")], { signal })).rejects.toBe(reason);
  });
});
