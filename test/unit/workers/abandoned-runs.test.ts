import { createRealityServer } from '../../../lib/realityserver/http.ts';
import { systemClock } from '../../../lib/clock.ts';
import { startSimulator, type Simulator } from '../../../simulator/server.ts';
import { createAbandonedRuns } from '../../../workers/abandoned-runs.ts';
import { aLog } from '../../support/a-log.ts';
import { until } from '../../support/until.ts';

let simulator: Simulator;
let realityServer: ReturnType<typeof createRealityServer>;

beforeEach(async () => {
  simulator = await startSimulator();
  realityServer = createRealityServer({ url: simulator.url });
});
afterEach(async () => {
  await realityServer.close();
  await simulator.close();
});

const signal = new AbortController().signal;

function abandonedRuns({ cancelCommand, waitMs = 60_000 }: { cancelCommand?: string; waitMs?: number } = {}) {
  const log = aLog();
  const facts = { held: 0, marked: true };
  const runs = createAbandonedRuns({
    hold: () => {
      facts.held += 1;
      return () => void (facts.held -= 1);
    },
    realityServer,
    marker: {
      left: () => Promise.resolve(undefined),
      set: () => Promise.resolve(),
      clear: () => Promise.resolve(void (facts.marked = false)),
    },
    cancelCommandOf: () => cancelCommand,
    waitMs,
    clock: systemClock,
    log,
    name: 'http://gpu',
  });
  const how = () => log.events.find(({ message }) => message === 'A command that was given up is over')?.['how'];
  return { runs, facts, how };
}

/** A command that is on the simulator now. */
async function aRunningCommand(ms: number) {
  const run = realityServer.start('sleep', JSON.stringify({ ms }));
  await until(() => simulator.log.length > 0);
  return run;
}

test('the slot is held until the connection of a command that was given up has ended', async () => {
  const { runs, facts, how } = abandonedRuns();
  runs.abandon('sleep', await aRunningCommand(300));
  expect(facts.held).toBe(1);
  await runs.settled();
  expect(simulator.log[0]?.end).not.toBeNull();
  expect({ ...facts, how: how() }).toEqual({ held: 0, marked: false, how: 'its connection ended' });
});

test('a big result that nobody wants is read to its end', async () => {
  const { runs, how } = abandonedRuns();
  const run = realityServer.start('big_result', JSON.stringify({ bytes: 5_000_000 }));
  (await run.answer).bytes.destroy();
  runs.abandon('big_result', run);
  await runs.settled();
  expect(how()).toBe('its connection ended');
  expect(simulator.log[0]?.closed).toBe(false);
});

test('cancel_command opens it sooner', async () => {
  const { runs, facts, how } = abandonedRuns({ cancelCommand: 'stop_render' });
  runs.abandon('sleep', await aRunningCommand(60_000));
  await runs.settled();
  expect({ ...facts, how: how() }).toEqual({ held: 0, marked: false, how: 'stop_render stopped it' });
});

test('a cancel_command that the server does not know changes nothing', async () => {
  const { runs, how } = abandonedRuns({ cancelCommand: 'no_such_command' });
  runs.abandon('sleep', await aRunningCommand(300));
  await runs.settled();
  expect(how()).toBe('its connection ended');
});

test('abandoned_wait is the longest it stays closed; the connection is closed then', async () => {
  const { runs, facts, how } = abandonedRuns({ waitMs: 100 });
  const run = await aRunningCommand(60_000);
  runs.abandon('sleep', run);
  await runs.settled();
  await run.ended;
  expect({ ...facts, how: how() }).toEqual({ held: 0, marked: false, how: 'abandoned_wait is over' });
});

test('a run that an earlier process left is over when its server was down and is up again', async () => {
  const { runs, facts, how } = abandonedRuns();
  runs.recover({ workflowId: 'job/renders/a', runId: 'r-1', command: 'sleep' });
  expect(facts.held).toBe(1);
  const crash = JSON.stringify({ kind: 'crash', restart_after_ms: 1_500 });
  await realityServer.run('fault', crash, signal).catch(() => undefined);
  await runs.settled();
  expect({ ...facts, how: how() }).toEqual({
    held: 0,
    marked: false,
    how: 'the server was down and is up again',
  });
}, 15_000);

test('a process that stops leaves the mark of what may still run', async () => {
  const { runs, facts } = abandonedRuns();
  runs.recover({ workflowId: 'job/renders/a', runId: 'r-1', command: 'sleep' });
  await runs.stop();
  expect(facts).toEqual({ held: 0, marked: true });
}, 10_000);
