import type { RawEvent } from '../../../../lib/jobs/history.ts';
import { whyHeldUp } from '../../../../lib/jobs/held-up.ts';

const decoder = { value: () => Promise.resolve('frame {"angle":0}'), failure: () => Promise.resolve(null) };

const why = (...events: object[]) =>
  whyHeldUp(
    { events: events.map((event, index) => ({ eventId: index + 1, ...event }) as unknown as RawEvent) },
    decoder,
  );

const STEP = { activityTaskScheduledEventAttributes: {}, userMetadata: { summary: {} } };
const DONE = { workflowTaskCompletedEventAttributes: {} };
const failed = (cause: number, message: string) => ({
  workflowTaskFailedEventAttributes: { cause, failure: { message } },
});
const misfit = (event: number) =>
  failed(24, `[TMPRL1100] Nondeterminism error: x does not handle HistoryEvent(id: ${event}, y)`);

test('a chain that no longer fits is held up at the step of the event that the engine names', async () => {
  expect(await why(DONE, STEP, misfit(2))).toMatch(/^its chain has changed .*, at event 2 \(frame \{"angle":0\}\):/);
});

test('an event that is no step is told by the step before it', async () => {
  expect(await why(STEP, DONE, misfit(2))).toContain('at event 2 (frame {"angle":0})');
  expect(await why(DONE, misfit(1))).toContain('at event 1 (before its first step)');
});

test('a chain whose code throws or never rests is held up with what was said', async () => {
  expect(await why(failed(14, 'Potential deadlock detected'))).toMatch(/tried again: Potential deadlock detected$/);
});

test.each([
  ['a chain that has gone on since', [misfit(1), DONE]],
  ['an ordinary conflict inside the engine', [failed(2, 'UnhandledCommand')]],
  ['a job without a step', []],
])('%s is not held up', async (_what, events) => {
  expect(await why(...events)).toBeUndefined();
});
