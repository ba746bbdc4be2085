/** Works on a few items at once; results in the order of the items. Rejects with the first error and takes no more. */
export async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  let isBroken = false;
  const worker = async (): Promise<void> => {
    for (const [index, item] of entries) {
      if (isBroken) return;
      results[index] = await work(item).catch((error: unknown) => {
        isBroken = true;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
