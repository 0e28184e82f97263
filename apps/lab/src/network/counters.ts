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
