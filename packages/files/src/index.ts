/** Placeholder. */
export const PLACEHOLDER: string = "@palmtree/files";
