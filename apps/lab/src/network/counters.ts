/**
 * Bytes that a shaped device has sent.
 *
 * @param json - what `tc -s -j qdisc show dev DEVICE` prints
 */
export function parseSentBytes(json: string): number | undefined {
  const disciplines = JSON.parse(json) as readonly {
    readonly kind: string;
    readonly bytes?: number;
  }[];
  return disciplines.find(({ kind }) => kind === "tbf")?.bytes;
}

/**
 * Bytes that a device has taken in. It counts the headers of up to 45 packets as one.
 *
 * @param json - what `ip -s -j link show dev DEVICE` prints
 */
export function parseReceivedBytes(json: string): number {
  const [device] = JSON.parse(json) as readonly {
    readonly stats64?: { readonly rx: { readonly bytes: number } };
  }[];
  if (device?.stats64 === undefined) throw new Error("ip tells no counters of this device");
  return device.stats64.rx.bytes;
}
