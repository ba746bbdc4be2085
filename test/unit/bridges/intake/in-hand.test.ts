import { inHand } from '../../../../bridges/intake/in-hand.ts';
import { aClock } from '../../../support/a-clock.ts';

const never = new AbortController().signal;

test('what works at once is tried once', async () => {
  const clock = aClock();
  expect(await inHand(async () => ({ done: 1 }), clock, never)).toEqual({ done: 1 });
  expect(clock.pauses).toEqual([]);
});

test('it is tried again, with longer pauses, until it works', async () => {
  const clock = aClock();
  let tries = 0;
  const attempt = async () => ((tries += 1) < 4 ? { again: 'away' } : { done: tries });
  expect(await inHand(attempt, clock, never)).toEqual({ done: 4 });
  expect(clock.pauses).toEqual([200, 400, 800]);
});

test('after 60 s it says why it did not work', async () => {
  const clock = aClock();
  expect(await inHand(async () => ({ again: 'engine away' }), clock, never)).toEqual({ again: 'engine away' });
  expect(clock.now()).toBeLessThanOrEqual(60_000);
  expect(clock.now()).toBeGreaterThan(55_000);
});

test('a bridge that stops tries no more', async () => {
  const stopping = new AbortController();
  const clock = aClock(() => stopping.abort());
  let tries = 0;
  const attempt = async () => ({ again: `try ${(tries += 1)}` });
  expect(await inHand(attempt, clock, stopping.signal)).toEqual({ again: 'try 1' });
  expect(await inHand(attempt, clock, stopping.signal)).toEqual({ again: 'try 2' });
});
