import { ServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client';

import { createIntake } from '../../../../bridges/intake/intake.ts';
import { aClock } from '../../../support/a-clock.ts';
import { aConfig } from '../../../support/a-config.ts';
import { aLog } from '../../../support/a-log.ts';
import { aMessage, someRules } from '../../../support/a-message.ts';

const never = new AbortController().signal;
const HOUR_MS = 3_600_000;

/** gRPC's numbers. */
const STATUS = { DEADLINE_EXCEEDED: 4, RESOURCE_EXHAUSTED: 8, UNAVAILABLE: 14 };

const failure = (status: keyof typeof STATUS): Error =>
  new ServiceError('a call failed', {
    cause: Object.assign(new Error(status), { code: STATUS[status], details: status, metadata: {} }),
  });

/** A broker with one message, and an engine whose calls fail as told for the first hour. */
function anOutage(status: keyof typeof STATUS, fails: 'everything' | 'starts') {
  const clock = aClock();
  const started: string[] = [];
  const isOver = (): boolean => clock.now() >= HOUR_MS;
  const read = async (): Promise<void> => {
    if (fails === 'everything' && !isOver()) throw failure(status);
  };
  const client = {
    withDeadline: (_deadline: number, call: () => Promise<unknown>) => call(),
    workflow: {
      start: async (type: string) => {
        if (!isOver()) throw failure(status);
        started.push(type);
      },
      count: read,
      getHandle: () => ({
        describe: async () => {
          await read();
          throw new WorkflowNotFoundError('none', 'dqm/probe', undefined);
        },
      }),
    },
  } as unknown as Client;
  const intake = createIntake({
    client,
    config: aConfig(),
    bodies: { keep: () => Promise.reject(new Error('no body is large')), probe: async () => undefined },
    rules: someRules(),
    log: aLog(),
    clock,
  });
  return { intake, clock, started };
}

/** As a transport does: receives while the gate is open, gives back what is unavailable. */
async function receiveUntilStarted({ intake }: ReturnType<typeof anOutage>): Promise<number> {
  for (let receiveCount = 1; ; receiveCount += 1) {
    await intake.gate.whenOpen(never);
    const { outcome } = await intake.judge(aMessage(), never);
    if (outcome === 'started') return receiveCount;
    expect(outcome).toBe('unavailable');
  }
}

test.each([
  ['UNAVAILABLE', 'everything'],
  ['DEADLINE_EXCEEDED', 'everything'],
  ['UNAVAILABLE', 'starts'],
  ['RESOURCE_EXHAUSTED', 'starts'],
] as const)('an hour of %s for %s: a message is given back once at most', async (status, fails) => {
  const outage = anOutage(status, fails);
  expect(await receiveUntilStarted(outage)).toBeLessThanOrEqual(2);
  expect(outage.clock.now()).toBeGreaterThanOrEqual(HOUR_MS);
  expect(outage.started.filter((type) => type !== 'dqm/probe')).toEqual(['render_product']);
});

test('a message in hand when the engine goes away is kept for a minute, then given back', async () => {
  const { intake, clock } = anOutage('UNAVAILABLE', 'everything');
  expect(await intake.judge(aMessage(), never)).toMatchObject({ outcome: 'unavailable' });
  expect(clock.now()).toBeGreaterThan(55_000);
  expect(clock.now()).toBeLessThanOrEqual(60_000);
  expect(intake.gate.isOpen).toBe(false);
});
