import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { copyFile, mkdir, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Place } from "./place.js";

let place: Place;
let mounted: string | undefined;

beforeEach(async () => {
  place = await Place.make();
  mounted = undefined;
});

afterEach(async () => {
  if (mounted !== undefined) execFileSync("umount", ["--lazy", mounted]);
  await place.clear();
});

/** Makes a file system with room for so many MiB; undefined where that is not allowed. */
async function mountSmall(name: string, mebibytes: number): Promise<string | undefined> {
  const path = join(place.path, name);
  await mkdir(path);
  try {
    const options = ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", path];
    execFileSync("mount", options, { stdio: "ignore" });
  } catch {
    console.info("not tried: only root may mount a small file system here");
    return undefined;
  }
  mounted = path;
  return path;
}

const mebibyte = 2 ** 20;

describe("a receiver with little space", () => {
  test("takes what it has already, and what is missing if there is room for that", async () => {
    const small = await mountSmall("in", 8);
    if (small === undefined) return;
    await place.write({ "out/d/large": 5 * mebibyte, "out/d/small": 2 * mebibyte });
    for (const present of [["large", "small"], ["large"]]) {
      await mkdir(join(small, "d"), { recursive: true });
      for (const name of present) {
        const { mtime } = await stat(join(place.path, "out/d", name));
        await copyFile(join(place.path, "out/d", name), join(small, "d", name));
        await utimes(join(small, "d", name), mtime, mtime);
      }
      const receiving = await place.receive("in", { onConflict: "overwrite" });
      const { result } = await place.send(["out/d"], [receiving]);
      expect(result.status).toBe("complete");
      await receiving.relay.close();
      expect(await place.contentOf("in")).toEqual(await place.contentOf("out"));
      execFileSync("rm", ["-r", join(small, "d")]);
    }
  });

  test("fails alone when its disk becomes full: the others complete, and nothing is damaged", async () => {
    const small = await mountSmall("in", 8);
    if (small === undefined) return;
    await place.write({ "out/d/a": 6 * mebibyte, "in/mine": 1 });
    const fill = () => writeFileSync(join(small, "filler"), Buffer.alloc(7 * mebibyte));
    const full = await place.receive("in", { onTransferStart: fill });
    const others = await place.receiveMany(3);
    const { result } = await place.send(["out/d"], [full, ...others]);
    expect(result.status).toBe("partial");
    expect(result.peers[0]).toMatchObject({ status: "failed", error: { code: "disk-full" } });
    expect(await full.end).toMatchObject({ status: "failed", error: { code: "disk-full" } });
    for (const [index, peer] of result.peers.slice(1).entries()) {
      expect(peer.status).toBe("complete");
      expect(await place.contentOf(`in-${index + 1}`)).toEqual(await place.contentOf("out"));
    }
    expect(Object.keys(await place.contentOf("in"))).toEqual(["filler", "mine"]);
  });

  test("declines what has no room, and fails before it writes where only the manifest tells", async () => {
    const small = await mountSmall("in", 8);
    if (small === undefined) return;
    await place.write({ "large/a": 9 * mebibyte, "out/d/a": 7 * mebibyte });
    const receiving = await place.receive("in");
    const { result } = await place.send(["large"], [receiving]);
    expect(result.peers[0]?.error).toMatchObject({ code: "declined" });
    expect(result.peers[0]?.error?.message).toContain("no-space");
    await place.write({ "in/other": 5 * mebibyte });
    const second = await place.send(["out/d"], [receiving]);
    expect(second.result.peers[0]?.error).toMatchObject({ code: "disk-full" });
    expect(Object.keys(await place.contentOf("in"))).toEqual(["other"]);
  });
});
