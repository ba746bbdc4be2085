import type { Clock } from '../../../lib/clock.ts';
import { createCallAhead, type CallAhead } from '../../../workers/call-ahead.ts';

/** A clock that a test sets; what sleeps wakes when its time has come. */
function aSetClock(): Clock & { pass(milliseconds: number): Promise<void> } {
  let now = 0;
  let asleep: { untilMs: number; wake(): void }[] = [];
  return {
    now: () => now,
    sleep: (milliseconds) => new Promise((wake) => asleep.push({ untilMs: now + milliseconds, wake })),
    pass: async (milliseconds) => {
      now += milliseconds;
      for (const { untilMs, wake } of asleep) if (untilMs <= now) wake();
      asleep = asleep.filter(({ untilMs }) => untilMs > now);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

let clock: ReturnType<typeof aSetClock>;
let ahead: CallAhead;
let calls: number;
beforeEach(() => {
  clock = aSetClock();
  calls = 0;
  ahead = createCallAhead({ clock, soonOver: () => (calls += 1) });
});

async function run(command: string, durationMs: number): Promise<void> {
  ahead.begins(command);
  await clock.pass(durationMs);
  ahead.completed();
  ahead.over();
}

async function eightOf(command: string, durationMs: number): Promise<void> {
  for (let runs = 0; runs < 8; runs += 1) await run(command, durationMs);
}

test('the next command is called a moment before a short one ends, once eight of it were short', async () => {
  await eightOf('thumbnail', 100);
  expect(calls).toBe(0);
  ahead.begins('thumbnail');
  await clock.pass(49);
  expect(calls).toBe(0);
  await clock.pass(1);
  expect(calls).toBe(1);
});

test('it is called by the shortest of the last eight', async () => {
  await run('thumbnail', 70);
  for (let runs = 0; runs < 7; runs += 1) await run('thumbnail', 170);
  ahead.begins('thumbnail');
  await clock.pass(20);
  expect(calls).toBe(1);
});

test('of commands that are not alike nobody knows when the next one ends', async () => {
  await run('thumbnail', 70);
  for (let runs = 0; runs < 7; runs += 1) await run('thumbnail', 171);
  ahead.begins('thumbnail');
  await clock.pass(10_000);
  expect(calls).toBe(0);
});

test('one of the last eight that took longer keeps the next command where any host can take it', async () => {
  await eightOf('thumbnail', 100);
  await run('thumbnail', 251);
  ahead.begins('thumbnail');
  await clock.pass(10_000);
  expect(calls).toBe(1); // during the long one, which nobody could foresee
});

test('a command that ended otherwise is counted anew', async () => {
  await eightOf('thumbnail', 100);
  ahead.begins('thumbnail');
  ahead.over();
  ahead.begins('thumbnail');
  await clock.pass(10_000);
  expect(calls).toBe(0);
});

test('nothing is known of a command by another one', async () => {
  await eightOf('thumbnail', 100);
  ahead.begins('poster');
  await clock.pass(10_000);
  expect(calls).toBe(0);
});

test('a command that is over calls nobody any more', async () => {
  await eightOf('thumbnail', 100);
  ahead.begins('thumbnail');
  await clock.pass(20);
  ahead.completed();
  await clock.pass(10_000);
  expect(calls).toBe(0);
});
