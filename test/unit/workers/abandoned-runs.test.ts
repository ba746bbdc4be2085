import type { RealityServer } from '../../../lib/realityserver/client.ts';
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

interface Given {
  cancelCommand?: string;
  waitMs?: number;
  server?: RealityServer;
}

function abandonedRuns({ cancelCommand, waitMs = 60_000, server = realityServer }: Given = {}) {
  const log = aLog();
  const facts = { held: 0, marked: true };
  const runs = createAbandonedRuns({
    hold: () => {
      facts.held += 1;
      return () => void (facts.held -= 1);
    },
    realityServer: server,
    marker: {
      left: () => Promise.resolve(undefined),
      set() {},
      clear: () => void (facts.marked = false),
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
  let refused = 0;
  const version = (signal: AbortSignal) =>
    realityServer.version(signal).catch((error: unknown) => {
      refused += 1;
      throw error;
    });
  const { runs, facts, how } = abandonedRuns({ server: { ...realityServer, version } });
  const port = Number(new URL(simulator.url).port);
  await simulator.close();
  runs.recover({ workflowId: 'job/renders/a', runId: 'r-1', command: 'sleep' });
  expect(facts.held).toBe(1);
  await until(() => refused > 0);
  simulator = await startSimulator({ port });
  await runs.settled();
  expect({ ...facts, how: how() }).toEqual({
    held: 0,
    marked: false,
    how: 'the server was down and is up again',
  });
});

test('a process that stops leaves the mark of what may still run', async () => {
  const { runs, facts } = abandonedRuns();
  runs.recover({ workflowId: 'job/renders/a', runId: 'r-1', command: 'sleep' });
  await runs.stop();
  expect(facts).toEqual({ held: 0, marked: true });
});
