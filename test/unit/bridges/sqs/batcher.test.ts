import { createBatcher } from '../../../../bridges/sqs/batcher.ts';

/** What was sent, batch by batch; `failures` by entry. */
function aBatcher(most: number, failures: Record<string, string> = {}) {
  const batches: string[][] = [];
  const batcher = createBatcher<string, string>({ most, collectMs: 5 }, async (entries) => {
    batches.push(entries);
    return new Map(
      entries.map((entry, index) => [index, failures[entry] ? new Error(failures[entry]) : `${entry} is there`]),
    );
  });
  return { batcher, batches };
}

test('what comes together is sent together, a full batch at once', async () => {
  const { batcher, batches } = aBatcher(2);
  await Promise.all(['a', 'b', 'c'].map((entry) => batcher.add(entry)));
  expect(batches).toEqual([['a', 'b'], ['c']]);
});

test('who collects for no time waits for nobody, and shares with what came in the same moment', async () => {
  const batches: number[][] = [];
  const batcher = createBatcher<number>({ most: 10, collectMs: 0 }, async (entries) => {
    batches.push(entries);
    return new Map();
  });
  await Promise.all([batcher.add(1), batcher.add(2)]);
  await batcher.add(3);
  expect(batches).toEqual([[1, 2], [3]]);
});

test('each entry gets its own answer', async () => {
  const { batcher } = aBatcher(2);
  expect(await Promise.all(['a', 'b', 'c'].map((entry) => batcher.add(entry)))).toEqual([
    'a is there',
    'b is there',
    'c is there',
  ]);
});

test('one entry that fails does not fail the others', async () => {
  const { batcher } = aBatcher(10, { b: 'expired' });
  const added = await Promise.allSettled(['a', 'b', 'c'].map((entry) => batcher.add(entry)));
  expect(added.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('a call that fails fails all of its batch', async () => {
  const batcher = createBatcher<string>({ most: 2, collectMs: 5 }, async () => Promise.reject(new Error('away')));
  await expect(Promise.all([batcher.add('a'), batcher.add('b')])).rejects.toThrow('away');
});
