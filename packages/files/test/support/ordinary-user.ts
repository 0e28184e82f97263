/** The user `nobody`, on most systems. */
const nobody = 65_534;

/**
 * Runs a test as somebody whom permissions hold back: this user, or where this one is root,
 * `nobody`. What the test makes below a shared temporary directory is then nobody's.
 */
export async function asOrdinaryUser(run: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return run();
  process.seteuid?.(nobody);
  try {
    await run();
  } finally {
    process.seteuid?.(0);
  }
}
