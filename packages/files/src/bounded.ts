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
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < count && !failed) {
      signal?.throwIfAborted();
      const index = next;
      next += 1;
      await work(index);
    }
  };
  const workers = Array.from({ length: Math.min(limit, count) }, () =>
    worker().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  const results = await Promise.allSettled(workers);
  const failure = results.find((result) => result.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}
