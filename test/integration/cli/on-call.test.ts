import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { CreateBucketCommand } from '@aws-sdk/client-s3';

import { listJobs } from '../../../lib/jobs/list.ts';
import { aFarm, type Farm } from '../../support/a-farm.ts';
import { dqm, killAll, startDqm } from '../../support/dqm-process.ts';
import { checkJsonLines } from '../../support/json-lines.ts';
import { until } from '../../support/until.ts';

const PAGE = readFileSync(join(__dirname, '../../../docs/on-call.md'), 'utf8');
/** The commands of the page, in its order. */
const COMMANDS = [...PAGE.matchAll(/^```\n(dqm .*)\n```$/gm)].map(([, command]) => command ?? '');

let farm: Farm;
let config: string;

const run = (args: readonly string[], input = '') =>
  dqm([...args, '--config', config], { input, cwd: farm.folder.path });
const submit = (...jobs: object[]) =>
  run(['submit', '--queue', 'renders', '-'], jobs.map((each) => JSON.stringify(each)).join('\n'));
const ended = (id: string) =>
  farm.engine.client.workflow
    .getHandle(`job/renders/${id}`)
    .result()
    .catch(() => undefined);
/** Waits until a list shows these, each in its state: it learns of a job a moment after the engine has it. */
const listed = (states: Record<string, string>) =>
  until(async () => {
    const rows = await listJobs(farm.engine.client, { limit: 10 });
    return Object.entries(states).every(([id, state]) => rows.find(({ job_id }) => job_id === id)?.state === state);
  });

/** A night: a closed bucket, a wrong message, a command that takes for ever, and one that waits behind it. */
beforeAll(async () => {
  farm = await aFarm();
  config = farm.config('realityserver.conf', { listenQueue: 'renders', dqm: ['abandoned_wait 1s'] });
  const up = startDqm(['up', '--config', config]);
  await up.said('Up');
  const tasks = [{ name: 's3_upload', config: { bucket: `${farm.bucket}-closed`, key: '${job_id}.${mime_ext}' } }];
  await submit(
    { command: 'render_product', parameters: { width: 64 }, tasks, dqm: { job_id: 'chair-1' } },
    { command: 'fault', parameters: { kind: 'no such kind' }, dqm: { job_id: 'table-1' } },
  );
  await listed({ 'chair-1': 'failed', 'table-1': 'failed' });
  // A failed job is open until its dead letter is stored.
  await Promise.all([ended('chair-1'), ended('table-1')]);
  await submit({ command: 'sleep', parameters: { ms: 3_600_000 }, dqm: { job_id: 'lamp-1' } });
  await listed({ 'lamp-1': 'running' });
  await submit({ command: 'echo', parameters: {}, dqm: { job_id: 'sofa-1' } });
  await listed({ 'lamp-1': 'running', 'sofa-1': 'waiting' });
  farm.folder.file('corrected.json', JSON.stringify({ command: 'echo', parameters: { corrected: true } }));
});

afterAll(async () => {
  await killAll();
  await farm?.close();
});

test('there are ten questions', () => {
  expect(COMMANDS).toHaveLength(10);
});

/** What a person sees, and what has to be so before the next question. */
const EXPECTED: [answer: RegExp, afterwards?: () => Promise<unknown>][] = [
  [/^1 failed: .*\n.*\n\nSTATE/],
  [/running +lamp-1/],
  [/waits for/],
  [/^lamp-1: cancelled while running on gpu-01/, () => ended('lamp-1')],
  [/^chair-1\.png: image\/png/, () => farm.s3.send(new CreateBucketCommand({ Bucket: `${farm.bucket}-closed` }))],
  [/^chair-1: goes on with s3_upload, without a GPU/, () => ended('chair-1')],
  [/^table-1: runs its command again/, () => ended('table-1')],
  [/^chair-1: renders anew/, () => ended('chair-1')],
  [/dead letters? .*dropped|No dead letters/],
  [/ok +/],
];

test.each(COMMANDS.map((command, index) => [command, EXPECTED[index] ?? []] as const))(
  'the page’s %s answers its question',
  async (command, [answer = /./, afterwards]) => {
    const { stdout, stderr, exitCode } = await run(command.split(' ').slice(1));
    expect(stderr).not.toMatch(/^dqm:/m);
    expect(stdout).toMatch(answer);
    expect(exitCode).toBe(0);
    await afterwards?.();
  },
);

test.each([
  ['jobs', ['jobs']],
  ['job', ['job', 'chair-1']],
  ['cancel', ['cancel', 'chair-1']],
  ['retry', ['retry', 'chair-1']],
  ['retry', ['retry', 'chair-1', '--dry-run']],
  ['result', ['result', 'chair-1', '-o', 'again.png']],
  ['dead-letters', ['dead-letters', '--queue', 'renders']],
  ['queues', ['queues']],
  ['hosts', ['hosts']],
  ['pause', ['pause', '--queue', 'local']],
  ['resume', ['resume', '--queue', 'local']],
  ['pause', ['pause', '--host', 'gpu-99']],
  ['resume', ['resume', '--host', 'gpu-99']],
  ['setup', ['setup']],
  ['check', ['check']],
  ['check', ['check', 'corrected.json']],
  ['history export', ['history', 'export', 'chair-1']],
  ['submit', ['submit', '--queue', 'renders', 'corrected.json']],
])('the JSON lines of dqm %s are those of its page: %j', async (command, args) => {
  const { stdout } = await run([...args, '--json']);
  expect(checkJsonLines(command, stdout).length).toBeGreaterThan(command === 'dead-letters' ? -1 : 0);
});

test('an id that looks like an option stands behind two dashes', async () => {
  expect((await dqm(['job', '--config', config, '--', '--state'])).stderr).toContain(
    'no job --state in any of the queues',
  );
  expect(await run(['job', '-chair'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('dqm job -- -chair'),
  });
});

test('a reader that has seen enough ends it quietly', () => {
  const program = join(__dirname, '../../../dist/cli/main.js');
  const line = `set -o pipefail; "${process.execPath}" "${program}" jobs --json --config "${config}" | head -n 1`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', line], { encoding: 'utf8' });
  expect([status, stdout.split('\n').length, stderr]).toEqual([0, 2, '']);
});

test('with the engine away each command says so in one line, exit code 1', async () => {
  const away = farm.folder.file(
    'away.conf',
    readFileSync(config, 'utf8').replace(/temporal_address .*/, 'temporal_address 127.0.0.1:9'),
  );
  const commands = [
    ['jobs'],
    ['job', 'x'],
    ['cancel', 'x'],
    ['retry', 'x'],
    ['result', 'x'],
    ['dead-letters', '--queue', 'renders'],
    ['queues'],
    ['hosts'],
    ['pause', '--queue', 'renders'],
    ['resume', '--host', 'gpu-01'],
    ['approve', 'x'],
    ['history', 'export', 'x'],
    ['submit', '--queue', 'local', 'corrected.json'],
  ];
  const answers = await Promise.all(
    commands.map((args) => dqm([...args, '--config', away], { cwd: farm.folder.path })),
  );
  for (const { exitCode, stdout, stderr } of answers) {
    expect(stderr).toMatch(/^dqm: cannot reach the Temporal engine at 127\.0\.0\.1:9: [^\n]*\n$/);
    expect([exitCode, stdout]).toEqual([1, '']);
  }
});
