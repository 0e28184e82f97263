import { describe, expect, test } from "vitest";
import { nameHosts } from "../src/network/shape.js";
import { relayScript } from "../src/peers/chain.js";
import { isListening } from "../src/peers/listening.js";
import { serverConfiguration } from "../src/peers/star.js";
import { clientId, senderArguments } from "../src/peers/uftp.js";

const hosts = nameHosts("lab", { linkRates: [1e6, 1e6, 1e6] });
const station = (number: number) => ({
  host: hosts[number]!,
  name: `host-${number}`,
  directory: `/lab/host-${number}`,
  file: `/lab/host-${number}/payload`,
});

describe("a chain", () => {
  test("keeps a copy on every host and passes it on to the next", () => {
    expect(relayScript(station(1), station(2))).toBe(
      "socat -u -b 65536 TCP-LISTEN:7000,reuseaddr - | tee '/lab/host-1/payload' | " +
        "socat -u -b 65536 - TCP:10.77.0.3:7000",
    );
  });

  test("ends at the last host", () => {
    expect(relayScript(station(2), undefined)).toBe(
      "exec socat -u -b 65536 TCP-LISTEN:7000,reuseaddr CREATE:'/lab/host-2/payload'",
    );
  });
});

describe("whether something listens", () => {
  const table = (local: string, state: string) =>
    `  sl  local_address rem_address   st\n   0: ${local} 00000000:0000 ${state} 00000000:00000000`;

  test("is seen by the port and the state, for TCP and UDP", () => {
    expect(isListening(table("00000000:1B58", "0A"), 7_000, "tcp")).toBe(true);
    expect(isListening(table("00000000:0050", "0A"), 80, "tcp")).toBe(true);
    expect(isListening(table("00000000:0414", "07"), 1_044, "udp")).toBe(true);
  });

  test("is not claimed of another port, nor of a connection from it", () => {
    expect(isListening(table("00000000:1B59", "0A"), 7_000, "tcp")).toBe(false);
    expect(isListening(table("00000000:1B58", "01"), 7_000, "tcp")).toBe(false);
    expect(isListening("", 7_000, "tcp")).toBe(false);
  });
});

test("the star's server is one process in the foreground that writes below its directory only", () => {
  const configuration = serverConfiguration({ ...station(0), file: "/lab/source/payload" });
  expect(configuration).toContain("daemon off;");
  expect(configuration).toContain("master_process off;");
  expect(configuration).toContain("root /lab/source;");
  const written = configuration.match(/(?:_temp_path|^pid) .*;/gm)!;
  expect(written).toHaveLength(6);
  for (const line of written) expect(line).toContain(" /lab/host-0/");
});

test("UFTP is told 94 % of the link in kbit/s, and every host by its address in hexadecimal", () => {
  expect(clientId("10.77.0.2")).toBe("0x0A4D0002");
  expect(senderArguments("/lab/payload", hosts.slice(1), 50e6)).toEqual([
    ...["-I", "eth0", "-R", "47000", "-H", "0x0A4D0002,0x0A4D0003"],
    "/lab/payload",
  ]);
});
