/** Sizes, rates and times for people. */

const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** `1 byte`, `640 bytes`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes === 1) return "1 byte";
  let value = bytes;
  let unit = 0;
  // Beyond 999.5 the number would have four digits.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : formatNumber(value)} ${units[unit]}`;
}

/** `12.3 MiB/s`; nothing where there was no time. */
export function formatRate(bytes: number, seconds: number): string {
  return seconds > 0 ? `${formatBytes(Math.round(bytes / seconds))}/s` : "";
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `0.2 ms`, `180 ms`; nothing where it is not known. */
export function formatMilliseconds(milliseconds: number | null | undefined): string {
  return typeof milliseconds === "number" ? `${formatNumber(milliseconds)} ms` : "";
}

/** `1 file`, `2 files`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Rounded to milliseconds, as the JSON events have it. */
export function roundSeconds(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000;
}

/** Three digits at least, one after the point where there is room. */
function formatNumber(value: number): string {
  return value < 99.95 ? value.toFixed(1) : String(Math.round(value));
}

/** `10.0.0.7:4747` or `[fd00::7]:4747` in its two parts. */
export function partsOf(address: string): { readonly address: string; readonly port: number } {
  const colon = address.lastIndexOf(":");
  const ip = address.slice(0, colon).replace(/^\[|\]$/g, "");
  return { address: ip, port: Number(address.slice(colon + 1)) };
}
