/**
 * Calls a handler of the owner. What it throws is the owner's bug: thrown on at once it would
 * leave a read or a write half done, and caught it would be lost. So it surfaces as an
 * `uncaughtException` when this turn's work is done.
 */
export function callOwner(handler: () => void): void {
  try {
    handler();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
