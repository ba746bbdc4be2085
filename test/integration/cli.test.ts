import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { JOB_STATES } from '../../lib/contract/states.ts';
import { aFarm, type Farm } from '../support/a-farm.ts';
import { dqm, killAll, startDqm } from '../support/dqm-process.ts';

let farm: Farm;

beforeAll(async () => {
  farm = await aFarm();
});

afterEach(killAll);
afterAll(() => farm?.close());

const aJobFile = (name: string, changes: Record<string, unknown> = {}): string =>
  farm.folder.file(name, JSON.stringify({ command: 'echo', parameters: { name }, ...changes }));

const lines = (text: string): unknown[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

test('every mistake of a configuration is told at once, with its line, and exit code 2', async () => {
  const file = farm.folder.file('wrong.conf', '<user dqm>\n  comand_timeout 2h\n  command_attempts many\n</user>\n');
  const { exitCode, stderr } = await dqm(['check', '--config', file]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(`${file}:2: `);
  expect(stderr).toContain('command_timeout');
  expect(stderr).toContain(`${file}:3: `);
});

test('a configuration that is not there is a mistake, not a stack', async () => {
  const { exitCode, stderr } = await dqm(['jobs', '--config', '/nowhere/realityserver.conf']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('/nowhere/realityserver.conf');
  expect(stderr).not.toContain('    at ');
});

test('an unknown command or option is a usage error', async () => {
  expect((await dqm(['frobnicate'])).exitCode).toBe(2);
  expect((await dqm(['jobs', '--frobnicate'])).exitCode).toBe(2);
  const { exitCode, stderr } = await dqm(['jobs', '--state', 'runing']);
  expect(stderr).toBe(
    `dqm: --state runing: there is no such state, but ${JOB_STATES.join(', ')}; did you mean running?\n`,
  );
  expect(exitCode).toBe(2);
});

test('help comes with examples and exit code 0', async () => {
  const { exitCode, stdout } = await dqm(['submit', '--help']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('Examples:');
});

test('check tells which message files would be rejected and why', async () => {
  const config = farm.config('check.conf');
  const good = aJobFile('good.json');
  const bad = aJobFile('bad.json', { tasks: [{ name: 's3_upload', config: { key: 'chair.png' } }] });
  const { exitCode, stdout } = await dqm(['check', '--config', config, '--json', good, bad]);
  expect(exitCode).toBe(1);
  expect(lines(stdout)).toEqual([
    { file: good, outcome: 'accepted', error: null, remark: null },
    {
      file: bad,
      outcome: 'rejected',
      remark: null,
      error: { type: 'BadMessage', message: expect.stringContaining('tasks[0].config.bucket') as string },
    },
  ]);
});

test('setup says what it looked at, and is safe to repeat', async () => {
  const config = farm.config('setup.conf');
  const { exitCode, stdout } = await dqm(['setup', '--config', config, '--json']);
  expect(lines(stdout)).toContainEqual(
    expect.objectContaining({ check: expect.stringContaining('engine') as string, state: 'ok' }),
  );
  expect(exitCode).toBe(0);
});

test('setup fails on a bucket that is not there, and names it', async () => {
  const config = farm.config('no-bucket.conf', { dqm: ['result_store s3://no-such-bucket/results'] });
  const { exitCode, stdout } = await dqm(['setup', '--config', config]);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/failed +result store: .*no-such-bucket/);
});

test('setup names the address of an SQS queue that is not there', async () => {
  const text = readFileSync(farm.config('some-queue.conf'), 'utf8');
  const config = farm.folder.file('no-queue.conf', text.replace(farm.sqsUrl, `${farm.sqsUrl}-no-such-queue`));
  const { exitCode, stdout } = await dqm(['setup', '--config', config]);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/failed +queue renders: http:\S+no-such-queue: /);
});

test('up starts nothing from a file that names no listen_queue', async () => {
  const file = farm.folder.file('no-listen.conf', '<user dqm>\n  data_folder never-made\n</user>\n');
  const { exitCode, stderr } = await dqm(['up', '--config', file]);
  expect(exitCode).toBe(2);
  expect(stderr.trim()).toBe(`dqm: ${file}: a GPU worker needs listen_queue in <user queue_manager>`);
  expect(existsSync(join(dirname(file), 'never-made'))).toBe(false);
});

test('a submitted job runs, and jobs and job show it', async () => {
  const config = farm.config('up.conf');
  const up = startDqm(['up', '--config', config]);
  await up.said('Up');
  const submitted = await dqm([
    'submit',
    '--config',
    config,
    '--queue',
    'local',
    '--job-id',
    'chair-1',
    '--json',
    aJobFile('job.json'),
  ]);
  expect(lines(submitted.stdout)).toEqual([{ message_id: expect.any(String) as string, job_id: 'chair-1' }]);
  await farm.engine.client.workflow.getHandle('job/local/chair-1').result();
  const shown = await dqm(['job', 'chair-1', '--config', config, '--json']);
  expect(lines(shown.stdout)).toEqual([
    expect.objectContaining({ job_id: 'chair-1', state: 'completed', command: 'echo', host: 'gpu-01' }),
  ]);
  const page = await dqm(['job', 'chair-1', '--config', config]);
  expect(page.stdout).toContain('completed');
  expect(await up.stop('SIGINT')).toBe(0);
});

test('a job that intake would reject is not submitted', async () => {
  const config = farm.config('submit.conf');
  const { exitCode, stderr } = await dqm(['submit', '--config', config, '--queue', 'local'], {
    input: '{"command":"format_disk"}',
  });
  expect(exitCode).toBe(2);
  expect(stderr).toContain('CommandNotAllowed');
});

test('with the engine away a worker waits and says so once, and a question fails with one line', async () => {
  const file = farm.folder.file(
    'away.conf',
    readFileSync(farm.config('base.conf'), 'utf8').replace(/temporal_address .*/, 'temporal_address 127.0.0.1:9'),
  );
  const worker = startDqm(['worker', 'jobs', '--config', file]);
  const { address } = await worker.said('Temporal engine unreachable, trying again until it answers');
  expect(address).toBe('127.0.0.1:9');
  expect(await worker.stop()).toBe(0);
  const { exitCode, stderr } = await dqm(['jobs', '--config', file]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('cannot reach the Temporal engine at 127.0.0.1:9');
});
