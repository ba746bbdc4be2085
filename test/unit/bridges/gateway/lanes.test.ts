import { createLanes, LaneFull } from '../../../../bridges/gateway/lanes.ts';

/** Work that ends when told so. */
function held(): { work: () => Promise<string>; end: () => void; began: () => boolean } {
  let end: () => void = () => undefined;
  let began = false;
  const until = new Promise<void>((resolve) => (end = resolve));
  return { end: () => end(), began: () => began, work: () => ((began = true), until.then(() => 'done')) };
}

test('one client runs so many at once, then so many wait, then it is refused', async () => {
  const lanes = createLanes({ atOnce: 1, waiting: 1 });
  const [first, second] = [held(), held()];
  const running = lanes.run('a', first.work);
  const waiting = lanes.run('a', second.work);
  await expect(lanes.run('a', held().work)).rejects.toThrow(LaneFull);
  expect([first.began(), second.began()]).toEqual([true, false]);
  first.end();
  expect(await running).toBe('done');
  second.end();
  expect(await waiting).toBe('done');
});

test('another client does not wait for it', async () => {
  const lanes = createLanes({ atOnce: 1, waiting: 1 });
  const first = held();
  const running = lanes.run('a', first.work);
  expect(await lanes.run('b', () => Promise.resolve(2))).toBe(2);
  first.end();
  await running;
});

test('a place is free again after a failure', async () => {
  const lanes = createLanes({ atOnce: 1, waiting: 0 });
  await expect(lanes.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await lanes.run('a', () => Promise.resolve(1))).toBe(1);
});
