/** The links of a lab: one for each host, to a switch that is never the narrow place. */
export interface NetworkShape {
  /**
   * What each host's link carries, in bits a second each way, Ethernet headers included; undefined
   * for what the machine can do. The root is the first.
   */
  readonly linkRates: readonly (number | undefined)[];
}

/** One host of a lab: a network namespace with one link. */
export interface Host {
  /** 0 is the root. */
  readonly number: number;
  readonly namespace: string;
  /** IPv4, seen inside the lab only. */
  readonly address: string;
}

/** The last octet of an address has room for these. */
const hostCountMax = 250;

/** @returns the hosts of a lab, the root first */
export function nameHosts(lab: string, { linkRates }: NetworkShape): readonly Host[] {
  if (linkRates.length > hostCountMax)
    throw new RangeError(`${linkRates.length} hosts, expected at most ${hostCountMax}`);
  return linkRates.map((_, number) => ({
    number,
    namespace: `${lab}-host-${number}`,
    address: `10.77.0.${number + 1}`,
  }));
}
