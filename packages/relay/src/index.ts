/** Placeholder. */
export const PLACEHOLDER: string = "@palmtree/relay";
