/** What a command's exit code says to a script. */
export const exitCodes = {
  /** Everything that was asked for is done. */
  complete: 0,
  /** Nothing of it is. */
  failed: 1,
  /** The command cannot be understood; nothing was tried. */
  usage: 2,
  /** Some peers are complete and some are not. */
  partial: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
