/**
 * Calls `work` for each number from 0 to `count - 1`, in order, at most `limit` at a time. After
 * the first failure nothing more is begun; the failure is thrown once nothing is under way.
 *
 * @throws what `work` threw first, or the reason of `signal`
 */
export async function forEachBounded(
  count: number,
  limit: number,
  work: (index: number) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    while (next < count && failures.length === 0) {
      try {
        signal?.throwIfAborted();
        next += 1;
        await work(next - 1);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, count) }, worker));
  if (failures.length > 0) throw failures[0];
}
