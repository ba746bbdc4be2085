import { aCommand, aRenderHost } from '../../support/a-render-host.ts';
import { patient } from '../../support/result-store-promises.ts';
import { runActivity } from '../../support/run-activity.ts';

let host: Awaited<ReturnType<typeof aRenderHost>>;
beforeEach(async () => {
  host = await aRenderHost({
    commands: new Map([['render_product', { expectType: 'image/*', minBytes: 100, errors: [] }]]),
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
