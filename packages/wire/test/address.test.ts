import { isIP, SocketAddress } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatAddress, isPalmTreeError, type PalmTreeError, parseAddress } from "../src/index.js";
import { address } from "./arbitraries.js";
import { join } from "./bytes.js";

function canonical(text: string): string {
  const { ip, port } = parseAddress(text);
  return formatAddress(ip, port);
}

describe("an address", () => {
  test("that is canonical stays what it is", () => {
    fc.assert(
      fc.property(address, (text) => {
        expect(canonical(text)).toBe(text);
      }),
    );
  });

  test.each([
    ["10.0.0.7:4747", "10.0.0.7:4747"],
    ["0.0.0.0:1", "0.0.0.0:1"],
    ["255.255.255.255:65535", "255.255.255.255:65535"],
    ["[::]:1", "[::]:1"],
    ["[::1]:4747", "[::1]:4747"],
    ["[1::]:4747", "[1::]:4747"],
    ["[FD00::7]:4747", "[fd00::7]:4747"],
    ["[fd00:0000:0:0:0:0:0:0007]:4747", "[fd00::7]:4747"],
    // RFC 5952 §4.2.2: one group of zeros is not shortened.
    ["[2001:db8::1:1:1:1:1]:1", "[2001:db8:0:1:1:1:1:1]:1"],
    // §4.2.3: the longest run, and the first of two equal ones.
    ["[2001:0:0:1:0:0:0:1]:1", "[2001:0:0:1::1]:1"],
    ["[2001:db8:0:0:1:0:0:1]:1", "[2001:db8::1:0:0:1]:1"],
    // An IPv4 address that a dual-stack socket shows as IPv6.
    ["[::ffff:10.0.0.7]:4747", "10.0.0.7:4747"],
    ["[::ffff:a00:7]:4747", "10.0.0.7:4747"],
    ["[0:0:0:0:0:FFFF:10.0.0.7]:4747", "10.0.0.7:4747"],
    // Other IPv6 addresses with a dotted end remain IPv6.
    ["[64:ff9b::10.0.0.7]:1", "[64:ff9b::a00:7]:1"],
    ["[::10.0.0.7]:1", "[::a00:7]:1"],
    ["[1:2:3:4:5:6:1.2.3.4]:1", "[1:2:3:4:5:6:102:304]:1"],
    ["[::2:3:4:5:6:7:8]:1", "[0:2:3:4:5:6:7:8]:1"],
    ["[1:2:3:4:5:6:7::]:1", "[1:2:3:4:5:6:7:0]:1"],
  ])("%s is written as %s", (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  test.each([
    "",
    "10.0.0.7",
    "10.0.0.7:",
    "10.0.0.7:0",
    "10.0.0.7:65536",
    "10.0.0.7:047",
    "10.0.0.7:+7",
    "10.0.0.7:4747 ",
    " 10.0.0.7:4747",
    "10.0.0.7:4747\n",
    "10.0.0:4747",
    "10.0.0.7.1:4747",
    "10.0.0.256:4747",
    "10.0.0.07:4747",
    "0x0a.0.0.7:4747",
    "10.0.0.-1:4747",
    "[10.0.0.7]:4747",
    "localhost:4747",
    "example.org:4747",
    "fd00::7:4747",
    "[fd00::7]",
    "[fd00::7]4747",
    "[]:4747",
    "[:]:4747",
    "[:::]:4747",
    "[1::2::3]:4747",
    "[1:2:3:4:5:6:7]:4747",
    "[1:2:3:4:5:6:7:8:9]:4747",
    "[1:2:3:4::5:6:7:8]:4747",
    "[1:2:3:4:5:6:7:1.2.3.4]:4747",
    "[1.2.3.4::]:4747",
    "[::1.2.3.4:5]:4747",
    "[::1.2.3]:4747",
    "[12345::]:4747",
    "[g::]:4747",
    "[fe80::1%eth0]:4747",
    "[[::1]]:4747",
  ])("is not %j", (text) => {
    expect.assertions(2);
    try {
      parseAddress(text);
    } catch (error) {
      expect(isPalmTreeError(error) && error.code).toBe("address-invalid");
      expect(isPalmTreeError(error) && error.fault).toBe("local");
    }
  });

  test("is accepted in every form that the platform accepts, and means the same", () => {
    const part = fc.constantFrom("0", "1", "db8", "FFFF", "", "1.2.3.4", "00000", "g");
    const text = fc.array(part, { minLength: 1, maxLength: 10 }).map((parts) => parts.join(":"));
    fc.assert(
      fc.property(text, (ip) => {
        const isAccepted = (() => {
          try {
            return Boolean(parseAddress(ip.includes(":") ? `[${ip}]:1` : `${ip}:1`));
          } catch {
            return false;
          }
        })();
        expect(isAccepted).toBe(isIP(ip) !== 0);
        if (isIP(ip) !== 6) return;
        const platform = new SocketAddress({ address: ip, family: "ipv6" }).address;
        expect(canonical(`[${ip}]:1`)).toBe(canonical(`[${platform}]:1`));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("formatAddress", () => {
  test("writes a mapped IPv4 address as IPv4", () => {
    const mapped = join("00000000000000000000ffff0a000007");
    expect(formatAddress(mapped, 4747)).toBe("10.0.0.7:4747");
  });

  test.each([0, 65_536, -1, 1.5, Number.NaN])("refuses port %d", (port) => {
    expect(() => formatAddress(new Uint8Array(4), port)).toThrow(RangeError);
  });

  test.each([0, 3, 5, 15, 17])("refuses an IP of %d bytes", (length) => {
    expect(() => formatAddress(new Uint8Array(length), 1)).toThrow(RangeError);
  });
});

test("what is no address is shown in one short printable line", () => {
  const hostile = `10.0.0.7:\u001b[2J\u202e${"9".repeat(5_000)}`;
  try {
    parseAddress(hostile);
    expect.unreachable();
  } catch (error) {
    const { message, facts } = error as PalmTreeError;
    expect(message).toMatch(/^[ -~]{60,200}$/);
    expect(message).toContain('"10.0.0.7:\\u{1b}[2J\\u{202e}9');
    expect(facts.got).toBe(hostile);
  }
});
