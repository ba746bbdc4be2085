import { createCommandActivities } from '../../../activities/command.ts';
import type { Gpu } from '../../../activities/render.ts';
import { aJobInput } from '../../support/a-job-input.ts';
import { aCommand, aRenderHost } from '../../support/a-render-host.ts';
import { patient } from '../../support/result-store-promises.ts';
import { runActivity, startActivity } from '../../support/run-activity.ts';
import { until } from '../../support/until.ts';

let host: Awaited<ReturnType<typeof aRenderHost>>;
beforeEach(async () => {
  host = await aRenderHost({
    commands: new Map([
      ['render_product', { expectType: 'image/*', minBytes: 100, errors: [] }],
      ['sleep', { stallTimeoutMs: 1_000, errors: [] }],
    ]),
  });
});
afterEach(() => host.close());

test.each([
  [{ kind: 'truncated' }, 'less than all of its result'],
  [{ kind: 'truncated', chunked: true }, 'less than all of its result'],
  [{ kind: 'empty' }, 'answered with nothing'],
  [{ kind: 'wrong_type', mime_type: 'text/plain' }, 'expect_type is image/*'],
  [{ kind: 'wrong_type' }, 'expect_type is image/*'],
])('of a result spoiled by %j nothing is published, and the next attempt renders', async (fault, message) => {
  await host.plan({ command: 'render_product', ...fault });

  await expect(runActivity(host.runCommand, aCommand())).rejects.toMatchObject({
    type: 'UnexpectedResult',
    nonRetryable: false,
    message: expect.stringContaining(message) as string,
  });
  expect(await host.staging.complete()).toEqual([]);

  const { result } = await runActivity(host.runCommand, aCommand(), { attempt: 2 });
  expect(await host.store.find(host.store.keyOf(result), patient())).toEqual(result);
  expect(host.simulator.log).toHaveLength(2);
});

test('a result that stays bad fails the job with its reason', async () => {
  await host.plan({ command: 'render_product', kind: 'empty' });
  const lastAttempt = { attempt: 3, heartbeatDetails: { host: 'gpu-02', commandFailures: 2 } };
  await expect(runActivity(host.runCommand, aCommand(), lastAttempt)).rejects.toMatchObject({
    type: 'UnexpectedResult',
    nonRetryable: true,
    message: 'render_product answered with nothing (on gpu-01)',
  });
});

const limits = { ...aJobInput().limits, commandTimeoutMs: 1_000 };

test.each([
  ['its command_timeout', aCommand({ command: 'fault', parameters: { kind: 'hang' }, limits }), 'CommandFailed'],
  ['its stall_timeout', aCommand({ command: 'sleep', parameters: { ms: 60_000 } }), 'Stalled'],
])('a command that is over %s is given up, not cut off', async (_what, command, type) => {
  await expect(runActivity(host.runCommand, command)).rejects.toMatchObject({ type, nonRetryable: false });
  expect(host.abandoned).toHaveLength(1);
  expect(host.simulator.log[0]).toMatchObject({ end: null, closed: false });
  expect(host.attempts).toMatchObject([{ outcome: 'failed' }]);
});

test('bytes that keep coming are no stall', async () => {
  await host.plan({ command: 'sleep', kind: 'slow_bytes', chunk_bytes: 1, interval_ms: 100 });
  await runActivity(host.runCommand, aCommand({ command: 'sleep', parameters: { ms: 50 } }));
  const [attempt] = host.attempts;
  expect((attempt?.endedMs ?? 0) - (attempt?.startedMs ?? 0)).toBeGreaterThan(1_000);
});

test('a cancelled command is given up, and half a result is deleted', async () => {
  await host.plan({ command: 'big_result', kind: 'slow_bytes', chunk_bytes: 1_000, interval_ms: 20 });
  const command = aCommand({ command: 'big_result', parameters: { bytes: 600_000 } });
  const running = startActivity(host.runCommand, command);
  await until(async () => (await host.staged()).length > 0);
  running.cancel();
  await expect(running.done).rejects.toThrow('CANCELLED');
  expect(host.abandoned).toHaveLength(1);
  expect(await host.staged()).toEqual([]);
  expect(host.attempts).toMatchObject([{ outcome: 'given_up' }]);
});

test('its beats tell host, attempt, state and percent', async () => {
  await host.plan({ command: 'big_result', kind: 'slow_bytes', chunk_bytes: 100_000, interval_ms: 700 });
  const command = aCommand({ command: 'big_result', parameters: { bytes: 400_000 } });
  const running = startActivity(host.runCommand, command);
  const beat = await until(() => running.beats.find((each) => (each as { progress?: number }).progress !== undefined));
  await running.done;
  expect(beat).toMatchObject({
    host: 'gpu-01',
    attempt: 1,
    state: 'rendering',
    progress: expect.any(Number) as number,
    onGpu: { identity: 'gpu@gpu-01/1', attempt: 1 },
  });
});

const broke = (name: string) => ({ host: name, identity: `gpu@${name}/1`, atMs: 1 });
const suspect = { heartbeatDetails: { breaks: [broke('a'), broke('b'), broke('c')] }, attempt: 4 };

test('a job that broke three hosts, all of which came back, breaks no fourth', async () => {
  await host.close();
  host = await aRenderHost({ hostsBack: (_queue, breaks) => Promise.resolve(breaks) });
  await expect(runActivity(host.runCommand, aCommand(), suspect)).rejects.toMatchObject({
    type: 'HostFault',
    nonRetryable: true,
    message: 'render_product broke the connection of hosts that were in order afterwards: a, b, c',
  });
  expect(host.simulator.log).toEqual([]);
});

test('one whose hosts are still down is nobody’s fault: it runs on', async () => {
  await expect(runActivity(host.runCommand, aCommand(), suspect)).resolves.toMatchObject({ host: 'gpu-01' });
});

test('a broken connection is left to the next attempt, with the host it was on', async () => {
  await host.plan({ command: 'render_product', kind: 'close' });
  const running = startActivity(host.runCommand, aCommand());
  await expect(running.done).rejects.toMatchObject({ type: 'HostFault', nextRetryDelay: 1 });
  expect(running.beats.at(-1)).toMatchObject({ commandFailures: 0, breaks: [{ identity: 'gpu@gpu-01/1' }] });
  expect(running.beats.at(-1)).not.toHaveProperty('onGpu');
  expect(host.faults).toHaveLength(1);
});

test('what a host that fell silent has cost is counted by the attempt after it', async () => {
  const onGpu = { host: 'gpu-02', identity: 'gpu@gpu-02/1', attempt: 1, sinceMs: 0, seconds: 7 };
  await runActivity(host.runCommand, aCommand(), { attempt: 2, heartbeatDetails: { onGpu } });
  expect(host.attempts).toMatchObject([{ outcome: 'lost', startedMs: 0, endedMs: 7_000 }, { outcome: 'completed' }]);
});

/** A GPU on which another command runs: the test says when, and whether, it is this one's turn. */
function aBusyGpu() {
  let decide = (_isMine: boolean): void => undefined;
  const turn = new Promise<boolean>((resolve) => (decide = resolve));
  const events: string[] = [];
  const gpu: Gpu = {
    ...host.gpu,
    take: () => ({
      turn: async () => {
        events.push('waits');
        const isMine = await turn;
        events.push(isMine ? 'its turn' : 'no turn');
        return isMine;
      },
      release: () => events.push('last byte'),
      done: () => events.push('done'),
    }),
    begin: () => void events.push('marked'),
  };
  return { gpu, events, decide };
}

test('a command that was called ahead leaves no mark and sends nothing before its turn', async () => {
  const { gpu, events, decide } = aBusyGpu();
  const { runCommand } = createCommandActivities({ ...host, gpu });

  const running = runActivity(runCommand, aCommand());
  await until(() => events.includes('waits'));
  expect(host.simulator.log).toEqual([]);

  decide(true);
  await running;
  expect(events.slice(0, 4)).toEqual(['waits', 'its turn', 'marked', 'last byte']);
  expect(host.simulator.log).toHaveLength(1);
});

test('a command that was called ahead in vain goes to any other host at once, and has used up no attempt', async () => {
  const { gpu, events, decide } = aBusyGpu();
  decide(false);
  const { runCommand } = createCommandActivities({ ...host, gpu });
  await expect(runActivity(runCommand, aCommand())).rejects.toMatchObject({
    type: 'HostFault',
    nonRetryable: false,
    nextRetryDelay: 1,
    message: 'the GPU of gpu-01 did not become free as soon as it had seemed',
  });
  expect([events, host.simulator.log, host.faults]).toEqual([['waits', 'no turn', 'done'], [], []]);
});
