import type { Address } from "@palmtree/wire";

/** Where the simulated host with that place in the order of invitation is reached. */
export function hostAddress(place: number): Address {
  return `10.${place >> 16}.${(place >> 8) & 255}.${place & 255}:4747`;
}
