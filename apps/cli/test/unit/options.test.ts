import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilesSender, GroupKey } from "@palmtree/relay";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findKeys } from "../../src/options/group-key.js";
import { ipOf, listenOption } from "../../src/options/listen.js";
import { listPeers, namingOrigin, peersIn, readHostsFile } from "../../src/options/peer-list.js";
import {
  choiceOption,
  integerOption,
  secondsOption,
  sizeOption,
} from "../../src/options/values.js";
import { onWindows } from "../platform.js";

let folder: string;
const inFolder = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "palmtree-options-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function written(name: string, text: string): Promise<string> {
  await writeFile(inFolder(name), text);
  return inFolder(name);
}

describe("a number", () => {
  const parse = integerOption("--fanout", 1, 64);

  test.each(["1", "64", "007"])("%s is taken", (text) => expect(parse(text)).toBe(Number(text)));

  test.each(["0", "65", "-1", "1.5", "", " 4", "4x", "1e1", "0x10", "NaN", "9".repeat(30)])(
    "%j is refused with name, value and range",
    (text) => {
      const message = `--fanout: got "${text}", expected an integer from 1 to 64`;
      expect(() => parse(text)).toThrow(message);
    },
  );
});

describe("seconds", () => {
  const parse = secondsOption("--timeout", 1, 86_400);

  test.each([
    ["1", 1_000],
    ["2.5", 2_500],
    ["30", 30_000],
    ["86400", 86_400_000],
  ])("%s are %d milliseconds", (text, ms) => expect(parse(text)).toBe(ms));

  test.each(["0.9", "86401", "-3", "30s", "", "1.", ".5", "1e3"])("%j is refused", (text) => {
    const message = `--timeout: got "${text}", expected seconds from 1 to 86400`;
    expect(() => parse(text)).toThrow(message);
  });
});

describe("a size", () => {
  const parse = sizeOption("--chunk-size", 1_024, 16 * 1024 ** 2);

  test.each([
    ["65536", 65_536],
    ["64k", 65_536],
    ["64K", 65_536],
    ["64KiB", 65_536],
    ["64 kib", 65_536],
    ["1MiB", 1_048_576],
    ["1m", 1_048_576],
    ["2048b", 2_048],
  ])("%s is %d bytes", (text, bytes) => expect(parse(text)).toBe(bytes));

  test.each(["1023", "17MiB", "1GiB", "64KB", "6.5k", "-1k", "k", "", "64 KiB "])(
    "%j is refused with name, value and range",
    (text) => {
      const message = `--chunk-size: got "${text}", expected a size from 1KiB to 16MiB, as in 64KiB`;
      expect(() => parse(text)).toThrow(message);
    },
  );
});

describe("a choice", () => {
  const parse = choiceOption("--on-conflict", ["fail", "overwrite"]);

  test("is one of those that there are", () => {
    expect(parse("overwrite")).toBe("overwrite");
    const message = '--on-conflict: got "Fail", expected fail or overwrite';
    expect(() => parse("Fail")).toThrow(message);
  });

  test("that holds escape sequences is shown escaped", () => {
    expect(() => parse("\u001b[2J")).toThrow('got "\\u{1b}[2J"');
  });
});

describe("--listen", () => {
  const parse = listenOption(4747);

  test.each([
    ["127.0.0.1:0", "127.0.0.1", 0],
    ["127.0.0.1", "127.0.0.1", 4747],
    ["localhost:5000", "localhost", 5_000],
    ["[::1]:5000", "::1", 5_000],
    ["[::]", "::", 4747],
    ["::1", "::1", 4747],
  ])("%s is taken", (text, host, port) => expect(parse(text)).toEqual({ host, port }));

  test.each(["", ":80", "host:65536", "host:-1", "host:x", "[::1", "[host]:1", "a b:1", "a:1:2"])(
    "%j is refused",
    (text) => {
      const form = "HOST, HOST:PORT or [IPV6]:PORT, port 0 to 65535";
      expect(() => parse(text)).toThrow(`--listen: got "${text}", expected ${form}`);
    },
  );

  test("names are looked up, and those that mean nothing are refused", async () => {
    expect(await ipOf({ host: "localhost", port: 0 })).toBe("127.0.0.1");
    const unknown = ipOf({ host: "no-such-host.invalid", port: 0 });
    await expect(unknown).rejects.toThrow('--listen: got "no-such-host.invalid"');
  });
});

describe("the peers", () => {
  test("come from --to, separated by commas", () => {
    expect(peersIn("a, b:1,[::1]:2").map(({ text }) => text)).toEqual(["a", "b:1", "[::1]:2"]);
    expect(() => peersIn("a,,b")).toThrow('--to: got "a,,b"');
    expect(() => peersIn("")).toThrow('--to: got ""');
  });

  test("come from a hosts file, without its comments and blank lines", async () => {
    const path = await written(
      "hosts",
      "# the lab\n\nnode1\r\n  node2:5000  # the old one\n[::1]\n",
    );
    expect(await readHostsFile(path)).toEqual([
      { text: "node1", origin: `${path}, line 3` },
      { text: "node2:5000", origin: `${path}, line 4` },
      { text: "[::1]", origin: `${path}, line 5` },
    ]);
  });

  test("a line with two hosts is refused with file and line", async () => {
    const path = await written("two", "node1\nnode2 node3\n");
    await expect(readHostsFile(path)).rejects.toThrow(
      `${path}, line 2: got "node2 node3", expected one HOST or HOST:PORT`,
    );
  });

  test("a hosts file that is not there, or lists nobody, is named", async () => {
    const missing = inFolder("missing");
    await expect(readHostsFile(missing)).rejects.toThrow(
      `--hosts-file: cannot read "${missing}": no such file`,
    );
    const empty = await written("empty", "# nobody\n");
    await expect(listPeers([], empty)).rejects.toThrow(`--hosts-file: "${empty}" lists no peer`);
  });

  test("must be some", async () => {
    await expect(listPeers([], undefined)).rejects.toThrow("nobody to send to: list the peers");
  });

  test.each(["host:0", "host:65536", "bad host", "[::1", "host:1:2", "%eth0"])(
    "what the sender refuses, such as %j, is told with where it was listed",
    (text) => {
      const peers = [{ text, origin: "hosts.txt, line 7" }];
      const said = `hosts.txt, line 7: got "${text}", expected HOST or HOST:PORT, port 1 to 65535`;
      expect(senderError(peers)).toMatchObject({ name: "UsageError", message: said });
    },
  );

  test("an error that has nothing to do with them stays what it is", () => {
    const error = new Error("something else");
    expect(namingOrigin(error, [])).toBe(error);
  });

  function senderError(peers: readonly { text: string; origin: string }[]): unknown {
    try {
      return new FilesSender(
        ["file"],
        peers.map(({ text }) => text),
        { keys: "insecure" },
      );
    } catch (error) {
      return namingOrigin(error, peers);
    }
  }
});

describe("the group's keys", () => {
  const [one, two, three] = [1, 2, 3].map((byte) =>
    new GroupKey(new Uint8Array(32).fill(byte)).format(),
  ) as [string, string, string];

  async function found(...args: Parameters<typeof findKeys>): Promise<readonly string[]> {
    const { keys } = await findKeys(...args);
    return keys === "insecure" ? [] : keys.map((key) => key.format());
  }

  test("are --key-file's, else PALMTREE_KEY's, else PALMTREE_KEY_FILE's", async () => {
    const keyFile = await written("one.key", `${one}\n`);
    const env = { PALMTREE_KEY: two, PALMTREE_KEY_FILE: await written("three.key", three) };
    expect(await found({ keyFile }, env)).toEqual([one]);
    expect(await found({}, env)).toEqual([two]);
    expect(await found({}, { ...env, PALMTREE_KEY: "" })).toEqual([three]);
  });

  test("are several while they are replaced, the first of which is used, up to 8", async () => {
    const keyFile = await written("several.key", `# new\n${two}  # since May\n\n${one}\n`);
    expect(await found({ keyFile }, {})).toEqual([two, one]);
    expect(await found({}, { PALMTREE_KEY: `${one} ${three}` })).toEqual([one, three]);
    const many = await written("many.key", `${one}\n`.repeat(9));
    await expect(findKeys({ keyFile: many }, {})).rejects.toThrow("--key-file: got 9 keys");
  });

  test("must be there, or --insecure", async () => {
    await expect(findKeys({}, {})).rejects.toMatchObject({
      code: "key-invalid",
      name: "UsageError",
      message: expect.stringMatching(/there is no key.*keygen.*--insecure/),
    });
    expect(await findKeys({ insecure: true }, {})).toEqual({ keys: "insecure", warnings: [] });
  });

  test("are not used with --insecure, nor looked at, which is said where one was given", async () => {
    for (const [keyFile, env] of [
      ["none.key", {}],
      [undefined, { PALMTREE_KEY: "x" }],
      [undefined, { PALMTREE_KEY_FILE: "none.key" }],
    ] as const) {
      const options = keyFile === undefined ? {} : { keyFile };
      const { keys, warnings } = await findKeys({ ...options, insecure: true }, env);
      expect(keys).toBe("insecure");
      expect(warnings).toEqual([expect.stringContaining("the key is not used")]);
    }
  });

  test.skipIf(onWindows)("are to be read by nobody else", async () => {
    const keyFile = await written("open.key", one);
    await chmod(keyFile, 0o640);
    const { warnings } = await findKeys({ keyFile }, {});
    expect(warnings).toEqual([expect.stringMatching(/others can read .*mode 640.*chmod 600/)]);
    await chmod(keyFile, 0o600);
    expect((await findKeys({ keyFile }, {})).warnings).toEqual([]);
  });

  test("that are malformed are refused with where they came from", async () => {
    const refusal = { code: "key-invalid", name: "UsageError" };
    for (const text of ["hello", `${one}\nhello`]) {
      const keyFile = await written("bad.key", text);
      await expect(findKeys({ keyFile }, {})).rejects.toMatchObject({
        ...refusal,
        message: "--key-file: the key does not begin with palmtree-key-1-",
      });
    }
    await expect(findKeys({}, { PALMTREE_KEY: "x" })).rejects.toMatchObject({
      ...refusal,
      message: "PALMTREE_KEY: the key does not begin with palmtree-key-1-",
    });
    const empty = await written("empty.key", "\n# nothing\n");
    await expect(findKeys({ keyFile: empty }, {})).rejects.toThrow("--key-file: the key is empty");
    await expect(findKeys({}, { PALMTREE_KEY_FILE: inFolder("none") })).rejects.toThrow(
      "PALMTREE_KEY_FILE: cannot read",
    );
  });
});
