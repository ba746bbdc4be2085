import { createBatcher } from '../../../../bridges/sqs/batcher.ts';

/** What was sent, batch by batch; `failures` by entry. */
function aBatcher(most: number, failures: Record<string, string> = {}) {
  const batches: string[][] = [];
  const batcher = createBatcher<string>(most, async (entries) => {
    batches.push(entries);
    return new Map(entries.flatMap((entry, index) => (failures[entry] ? [[index, new Error(failures[entry])]] : [])));
  });
  return { batcher, batches };
}

test('what comes together is sent together, a full batch at once', async () => {
  const { batcher, batches } = aBatcher(2);
  await Promise.all(['a', 'b', 'c'].map((entry) => batcher.add(entry)));
  expect(batches).toEqual([['a', 'b'], ['c']]);
});

test('one entry that fails does not fail the others', async () => {
  const { batcher } = aBatcher(10, { b: 'expired' });
  const added = await Promise.allSettled(['a', 'b', 'c'].map((entry) => batcher.add(entry)));
  expect(added.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('a call that fails fails all of its batch', async () => {
  const batcher = createBatcher<string>(2, async () => Promise.reject(new Error('away')));
  await expect(Promise.all([batcher.add('a'), batcher.add('b')])).rejects.toThrow('away');
});
