import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as commands from "./commands.js";
import { congestionControlFile, congestionControlOfHosts } from "./congestion-control.js";
import { parseReceivedBytes, parseSentBytes } from "./counters.js";
import { runBatch, runCommand } from "./run-command.js";
import { type Host, type NetworkShape, nameHosts } from "./shape.js";

/** Every network that stands, so that none is left when the lab itself is ended. */
const standing = new Set<LabNetwork>();

/** Takes every network down that this process has built, at once. */
export function removeAllNetworks(): void {
  for (const network of standing) network.remove();
}

/** Hosts on one machine: network namespaces around a switch, each behind a link of its own. */
export class LabNetwork {
  /** The root first. */
  readonly hosts: readonly Host[];
  readonly #shape: NetworkShape;
  readonly #switch: string;

  private constructor(shape: NetworkShape) {
    // Named after the process: two labs side by side do not meet, and one whose process is dead
    // can be told from one that runs, even when its id is used again.
    const name = `palmtree-lab-${process.pid}-${randomBytes(3).toString("hex")}`;
    this.hosts = nameHosts(name, shape);
    this.#shape = shape;
    this.#switch = `${name}-switch`;
  }

  /**
   * Builds a network. It stands until it is disposed of.
   *
   * @throws Error when the system refuses; nothing is left then
   */
  static async build(shape: NetworkShape): Promise<LabNetwork> {
    const network = new LabNetwork(shape);
    standing.add(network);
    try {
      await network.#build();
      return network;
    } catch (error) {
      network.remove();
      throw error;
    }
  }

  /** What starts a program on a host; the process that is started becomes that program. */
  commandOn(
    { namespace }: Host,
    program: string,
    args: readonly string[],
  ): { readonly program: string; readonly args: readonly string[] } {
    return { program: "ip", args: ["netns", "exec", namespace, program, ...args] };
  }

  /** Cuts a host off: nothing reaches it or comes from it, and nobody is told. */
  async cutOff(host: Host): Promise<void> {
    await runBatch("ip", ["-n", this.#switch], commands.cutOff(host));
  }

  /** What {@link cutOff} did is over. */
  async connect(host: Host): Promise<void> {
    await runBatch("ip", ["-n", this.#switch], commands.connect(host));
  }

  /** A host's interface goes down: its own programs are told, the others are not. */
  async unplug({ namespace }: Host): Promise<void> {
    await runBatch("ip", ["-n", namespace], commands.unplug());
  }

  /** What {@link unplug} did is over. */
  async plugIn({ namespace }: Host): Promise<void> {
    await runBatch("ip", ["-n", namespace], commands.plugIn());
  }

  /** What a host sends to these others is lost; what they send it still arrives. */
  async losePackets({ namespace }: Host, to: readonly Host[]): Promise<void> {
    await runBatch("ip", ["-n", namespace], commands.losePackets(to));
  }

  /** What {@link losePackets} did is over. */
  async findAgain({ namespace }: Host, hosts: readonly Host[]): Promise<void> {
    await runBatch("ip", ["-n", namespace], commands.findAgain(hosts));
  }

  /**
   * Ends all TCP connections that stand at a host, in the middle of whatever they carry: both ends get a
   * reset.
   *
   * @returns how many there were
   * @throws Error where the system has no `ss`, or its kernel does not let it
   */
  async resetConnections({ namespace }: Host): Promise<number> {
    const args = ["netns", "exec", namespace, "ss", ...commands.resetConnections];
    return (await runCommand("ip", args)).split("\n").filter((line) => line.trim() !== "").length;
  }

  /** What a host was sent so far, in bytes of frames that its device took in. */
  async receivedBytes({ namespace }: Host): Promise<number> {
    const args = ["-n", namespace, "-s", "-j", "link", "show", "dev", commands.hostDevice];
    return parseReceivedBytes(await runCommand("ip", args));
  }

  /**
   * What a host has sent so far, in bytes on its link; undefined where it is not shaped: a device's
   * own counter takes the headers of up to 45 packets for one, the shaper's does not.
   */
  async sentBytes({ namespace, number }: Host): Promise<number | undefined> {
    if (this.#shape.linkRates[number] === undefined) return undefined;
    const args = ["-n", namespace, "-s", "-j", "qdisc", "show", "dev", commands.hostDevice];
    return parseSentBytes(await runCommand("tc", args));
  }

  /** Takes it down at once. What is still running in it keeps running, without a network. */
  remove(): void {
    if (!standing.delete(this)) return;
    const input = commands.deleteNamespaces(this.#namespaces).join("\n");
    // What could not be built cannot be deleted: the others are.
    spawnSync("ip", ["-force", "-batch", "-"], { input: `${input}\n`, timeout: 20_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.remove();
  }

  get #namespaces(): readonly string[] {
    return [this.#switch, ...this.hosts.map(({ namespace }) => namespace)];
  }

  async #build(): Promise<void> {
    const { hosts } = this;
    const inSwitch = ["-n", this.#switch];
    await runBatch("ip", [], commands.addNamespaces(this.#namespaces));
    await runBatch("ip", inSwitch, commands.buildSwitch(hosts));
    await this.#leaveFramesAlone();
    const congestionControl = congestionControlOfHosts();
    for (const host of hosts) {
      if (congestionControl !== undefined) await this.#sendBy(congestionControl, host);
      const inHost = ["-n", host.namespace];
      const rate = this.#shape.linkRates[host.number];
      await runBatch("ip", inHost, commands.buildHost(host));
      if (rate !== undefined) await runBatch("tc", inHost, commands.shapeEgress(rate));
    }
    await runBatch("tc", inSwitch, commands.shapeIngress(hosts, this.#shape));
  }

  /** Where the machine filters what bridges pass on, this one does not: it costs CPU time. */
  async #leaveFramesAlone(): Promise<void> {
    const file = "/proc/sys/net/bridge/bridge-nf-call-iptables";
    const script = `test ! -e ${file} || echo 0 > ${file}`;
    await runCommand("ip", ["netns", "exec", this.#switch, "sh", "-c", script]);
  }

  async #sendBy(congestionControl: string, { namespace }: Host): Promise<void> {
    // Not where it is so: a container may not let anybody write there.
    const script = `grep -qx ${congestionControl} ${congestionControlFile} || echo ${congestionControl} > ${congestionControlFile}`;
    await runCommand("ip", ["netns", "exec", namespace, "sh", "-c", script]);
  }
}
