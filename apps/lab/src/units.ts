/** Bytes in a megabyte: rates are counted in these, as networks are. */
export const megabyte = 1_000_000;
/** Bytes in a mebibyte: memory and file sizes are counted in these. */
export const mebibyte: number = 2 ** 20;
export const gibibyte: number = 2 ** 30;

/** A number with about three digits that mean something: 1234, 123, 12.3, 1.23. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/** A size for people, in MiB or GiB: `64 MiB`, `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  if (bytes >= gibibyte) return `${formatNumber(bytes / gibibyte)} GiB`;
  return `${formatNumber(bytes / mebibyte)} MiB`;
}
