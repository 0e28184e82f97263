/** Placeholder. */
export const PLACEHOLDER: string = "@palmtree/transport";
