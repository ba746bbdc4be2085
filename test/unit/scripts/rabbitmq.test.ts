import { call, evaluate } from './run-script.ts';

/** Whoever may not install packages, on a machine where RabbitMQ is or is not. */
const setUp = (found: string | undefined, env: NodeJS.ProcessEnv) =>
  evaluate(
    `process.getuid = () => 1000;
    await ${call('scripts/rabbitmq.mjs', 'installRabbitMq', `[{ findRabbitMq: async () => ${found}, RABBITMQ_HINT: 'get rabbits' }]`)}`,
    env,
  );

test('an installed RabbitMQ needs nothing', async () => {
  expect(await setUp("'/usr/sbin/rabbitmq-server'", { CI: 'true' })).toBe('');
});

test('a missing one is said in one line, with the command that installs it', async () => {
  expect(await setUp(undefined, {})).toMatch(/^setup: RabbitMQ is missing.*: get rabbits\n$/);
});

test('a missing one is a failure on CI', async () => {
  await expect(setUp(undefined, { CI: 'true' })).rejects.toThrow('RabbitMQ is missing: get rabbits');
});
