export interface BatcherOptions {
  /** A batch that is full goes at once. */
  most: number;
  /** Others wait until none has come for so long: a batch is charged as one call. 0: nobody waits, only what comes in one moment shares. */
  collectMs: number;
}

export interface Batcher<Entry, Answer = never> {
  /** What was answered for it, when its batch was sent; rejects when the batch, or this entry of it, failed. */
  add(entry: Entry): Promise<Answer | undefined>;
}

/** Sends entries in batches. `send` gives, by their index, what was answered for entries and why single ones failed. */
export function createBatcher<Entry, Answer = never>(
  { most, collectMs }: BatcherOptions,
  send: (entries: Entry[]) => Promise<ReadonlyMap<number, Answer | Error>>,
): Batcher<Entry, Answer> {
  let waiting: { entry: Entry; settle: (answer: Answer | Error | undefined) => void }[] = [];
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    send(batch.map(({ entry }) => entry)).then(
      (answers) => batch.forEach(({ settle }, index) => settle(answers.get(index))),
      (error: Error) => batch.forEach(({ settle }) => settle(error)),
    );
  }

  function collect(): void {
    if (collectMs === 0) setImmediate(flush);
    else if (timer) timer.refresh();
    else timer = setTimeout(flush, collectMs);
  }

  return {
    add: (entry) =>
      new Promise((resolve, reject) => {
        waiting.push({ entry, settle: (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)) });
        if (waiting.length >= most) flush();
        else collect();
      }),
  };
}
