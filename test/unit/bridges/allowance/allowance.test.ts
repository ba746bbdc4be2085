import type { AllowanceDeps } from '../../../../bridges/allowance/allowance.ts';
import type { Farm } from '../../../../bridges/allowance/farm.ts';
import { aClock } from '../../../support/a-clock.ts';
import { aLog } from '../../../support/a-log.ts';
import { anAllowance } from '../../../support/an-allowance.ts';

const never = new AbortController().signal;
const MANY = 1_000;

/** What the engine knows of a queue. */
interface Seen {
  waiting: number;
  dispatchRate: number;
  paused: { by: string; since: Date } | null;
  slots: { ready: number; idle: number } | undefined;
  steps: number;
  unfinished: number;
  bridges: number;
}

/** An allowance whose engine says so; `seen` changes under it. Each pause in between calls `onSleep`. */
function aQueue(
  changes: Partial<Seen>,
  maxWaitingJobs: AllowanceDeps['maxWaitingJobs'] = 'auto',
  onSleep?: () => void,
) {
  const seen: Seen = {
    waiting: 0,
    dispatchRate: 0,
    paused: null,
    slots: { ready: 1, idle: 1 },
    steps: 0,
    unfinished: MANY,
    bridges: 1,
    ...changes,
  };
  const log = aLog();
  const clock = aClock(onSleep);
  const farm: Farm = {
    gpuQueue: async () => seen,
    slots: async () => seen.slots,
    workflowTasks: async () => seen.steps,
    unfinishedCommands: async () => seen.unfinished,
    bridges: async () => seen.bridges,
  };
  return { seen, log, clock, allowance: anAllowance({ maxWaitingJobs, farm, log, clock }) };
}

/** What may be taken at the first look: 0 where one would have to wait. */
async function atOnce(changes: Partial<Seen>, maxWaitingJobs?: AllowanceDeps['maxWaitingJobs']): Promise<number> {
  const stop = new AbortController();
  const { allowance } = aQueue(changes, maxWaitingJobs, () => stop.abort());
  return allowance.reserve(MANY, stop.signal);
}

test.each<[what: string, seen: Partial<Seen>, may: number]>([
  ['two for each ready slot', { slots: { ready: 3, idle: 3 } }, 6],
  ['less what waits already', { slots: { ready: 3, idle: 0 }, waiting: 4 }, 2],
  ['less the jobs whose first step no job worker has taken', { steps: 1 }, 1],
  ['two seconds of work when commands are short', { dispatchRate: 12.4 }, 25],
  ['nothing while no host is ready', { slots: { ready: 0, idle: 0 } }, 0],
  ['nothing while the queue is paused', { paused: { by: 'kaethe@desk', since: new Date(0) } }, 0],
  ['whatever jobs wait for their next attempt', { unfinished: 500 }, 2],
  ['whatever commands a chain has open', { waiting: 400, unfinished: 1 }, 1],
  ['whatever steps other queues have', { steps: 400, unfinished: 0 }, 2],
  ['its share, rounded up, of what several bridges may take', { slots: { ready: 5, idle: 5 }, bridges: 3 }, 4],
  ['a hundred where workers cannot be listed', { slots: undefined }, 100],
])('auto takes %s', async (_what, seen, may) => {
  expect(await atOnce(seen)).toBe(may);
});

test.each<[what: string, seen: Partial<Seen>, may: number]>([
  ['itself, without any host', { slots: { ready: 0, idle: 0 } }, 20],
  ['itself less what waits', { waiting: 15 }, 5],
  ['nothing while the queue is paused', { paused: { by: 'kaethe@desk', since: new Date(0) } }, 0],
])('a number takes %s', async (_what, seen, may) => {
  expect(await atOnce(seen, 20)).toBe(may);
});

test('unlimited takes all that is asked for, but not from a queue that is paused', async () => {
  expect(await atOnce({ waiting: 100_000, slots: { ready: 0, idle: 0 } }, 'unlimited')).toBe(MANY);
  expect(await atOnce({ paused: { by: 'kaethe@desk', since: new Date(0) } }, 'unlimited')).toBe(0);
});

test('what is reserved counts until it is given back, or is seen to wait in the engine', async () => {
  const stop = new AbortController();
  const { seen, allowance } = aQueue({ slots: { ready: 2, idle: 2 } }, 'auto', () => stop.abort());
  expect(await allowance.reserve(3, never)).toBe(3);
  expect(await allowance.reserve(MANY, never)).toBe(1);
  allowance.giveBack(1);
  allowance.judged(false);
  expect(await allowance.reserve(MANY, never)).toBe(2);
  for (let message = 0; message < 4; message += 1) allowance.judged(true);
  // Started a moment ago, and in none of the engine's numbers yet.
  expect(await allowance.reserve(MANY, stop.signal)).toBe(0);
  seen.waiting = 1;
  expect(await allowance.reserve(MANY, never)).toBe(3);
});

test('a host that appears is noticed, and both are told once', async () => {
  let looks = 0;
  const { seen, log, allowance } = aQueue({ slots: { ready: 0, idle: 0 } }, 'auto', () => {
    looks += 1;
    if (looks === 3) seen.slots = { ready: 1, idle: 1 };
  });
  expect(await allowance.reserve(MANY, never)).toBe(2);
  expect(log.events).toEqual([
    { level: 'info', message: 'Messages stay in the broker', queue: 'renders', reason: 'no render host is ready' },
    { level: 'info', message: 'Messages are taken again', queue: 'renders' },
  ]);
});

test('an engine that cannot list workers is told once, with what auto then means', async () => {
  const { log, allowance } = aQueue({ slots: undefined });
  await allowance.reserve(1, never);
  await allowance.reserve(1, never);
  expect(log.events).toMatchObject([{ level: 'warn', queue: 'renders', maxWaitingJobs: 100 }]);
});

test.each<[what: string, change: Partial<Seen>]>([
  ['the last host goes', { slots: { ready: 0, idle: 0 } }],
  ['the queue is paused', { paused: { by: 'kaethe@desk', since: new Date(0) } }],
  ['other bridges have filled it', { waiting: 2 }],
])('what is held open closes when %s', async (_what, change) => {
  let looks = 0;
  const { seen, allowance } = aQueue({}, 'auto', () => {
    looks += 1;
    if (looks === 4) Object.assign(seen, change);
  });
  await allowance.whenClosed(never);
  expect(looks).toBeGreaterThanOrEqual(4);
});

test('commands that hosts take are measured: a GPU with short ones has the next at hand', async () => {
  const COMMAND_MS = 100;
  let nextMs = COMMAND_MS;
  let gaps = 0;
  const { clock, allowance, seen } = aQueue({}, 'auto', () => {
    for (; nextMs <= clock.now(); nextMs += COMMAND_MS) {
      if (seen.waiting > 0) seen.waiting -= 1;
      else gaps += 1;
    }
  });
  let most = 0;
  while (clock.now() < 20_000) {
    const count = await allowance.reserve(10, never);
    for (let message = 0; message < count; message += 1) allowance.judged(true);
    seen.waiting += count;
    most = Math.max(most, seen.waiting);
  }
  expect(gaps).toBe(0);
  // Two seconds of work, and what a burst was taken for.
  expect(most).toBeLessThan(40);
});

test.each([
  ['auto', 2],
  [20, 20],
] as const)(
  'while job workers stall, %s takes its limit and what a moment hides, then nothing',
  async (limit, jobs) => {
    const START_MS = 5;
    const stop = new AbortController();
    const { clock, allowance, seen } = aQueue({ unfinished: 0 }, limit, () => {
      if (clock.now() > 20_000) stop.abort();
    });
    let started = 0;
    while (!stop.signal.aborted) {
      const count = await allowance.reserve(10, stop.signal);
      for (let message = 0; message < count; message += 1) {
        await clock.sleep(START_MS, stop.signal);
        allowance.judged(true);
        started += 1;
        // Each waits for a job worker: none reaches the GPU's queue.
        seen.steps = started;
        seen.unfinished = started;
      }
    }
    expect(started).toBeLessThanOrEqual(2 * jobs);
  },
);
