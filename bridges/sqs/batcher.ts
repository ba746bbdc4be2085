/** Collects for so long before it sends: a batch is charged as one call. */
const WINDOW_MS = 20;

export interface Batcher<Entry> {
  /** Settles when the batch that the entry is in was sent; rejects when it, or this entry of it, failed. */
  add(entry: Entry): Promise<void>;
}

/** Sends entries in batches of at most `most`. `send` answers why single entries failed, by their index. */
export function createBatcher<Entry>(
  most: number,
  send: (entries: Entry[]) => Promise<ReadonlyMap<number, Error>>,
): Batcher<Entry> {
  let waiting: { entry: Entry; settle: (error?: Error) => void }[] = [];
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting;
    waiting = [];
    send(batch.map(({ entry }) => entry)).then(
      (failures) => batch.forEach(({ settle }, index) => settle(failures.get(index))),
      (error: Error) => batch.forEach(({ settle }) => settle(error)),
    );
  }

  return {
    add: (entry) =>
      new Promise((resolve, reject) => {
        waiting.push({ entry, settle: (error) => (error ? reject(error) : resolve()) });
        if (waiting.length >= most) flush();
        else timer ??= setTimeout(flush, WINDOW_MS);
      }),
  };
}
