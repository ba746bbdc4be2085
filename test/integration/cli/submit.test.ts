import { aFarm, type Farm } from '../../support/a-farm.ts';
import { dqm, killAll, startDqm } from '../../support/dqm-process.ts';
import { servers } from '../../support/servers.ts';

let farm: Farm;
let config: string;

beforeAll(async () => {
  farm = await aFarm();
  const dqmLines = ['command_attempts 1'];
  config = farm.config('submit.conf', { dqm: dqmLines });
  startDqm(['worker', 'jobs', '--config', config]);
  startDqm(['bridge', '--all', '--config', config]);
  // A render host takes the work of one queue.
  for (const queue of queues()) {
    startDqm([
      'worker',
      'gpu',
      '--config',
      farm.config(`${queue}.conf`, { listenQueue: queue, host: queue, dqm: dqmLines }),
    ]);
  }
});
afterAll(async () => {
  await killAll();
  await farm?.close();
});

const submit = (args: string[], input = '') => dqm(['submit', '--config', config, ...args], { input });

const anEcho = (fields: object = {}): string => JSON.stringify({ command: 'echo', parameters: { a: 1 }, ...fields });

const lines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const queues = (): string[] => ['renders', 'local', ...(servers().amqpUrl === undefined ? [] : ['nightly'])];

test('--wait tells how the job of each kind of queue ended, by its exit code too', async () => {
  for (const queue of queues()) {
    const answer = await submit(
      ['--queue', queue, '--wait', '--json', '--tenant', 'acme', '--priority', 'high'],
      anEcho(),
    );
    expect(answer).toMatchObject({ exitCode: 0, stderr: '' });
    const [sent, ended] = lines(answer.stdout);
    expect(ended).toMatchObject({
      job_id: sent?.['job_id'],
      message_id: sent?.['message_id'],
      queue,
      state: 'completed',
      tenant: 'acme',
      priority: 'high',
    });
  }
});

test('a job that fails ends --wait with exit code 1, and says why', async () => {
  const { exitCode, stdout } = await submit(
    ['--queue', 'local', '--wait'],
    anEcho({ command: 'fault', parameters: { kind: 'error_code' } }),
  );
  expect(stdout).toMatch(/^failed .*CommandFailed: /m);
  expect(exitCode).toBe(1);
});

test('JSON lines are many jobs, --param changes each', async () => {
  const jobs = [1, 2, 3].map((n) => anEcho({ parameters: { n, text: 5 }, dqm: { job_id: `many-${n}` } })).join('\n');
  const answer = await submit(
    ['--queue', 'renders', '--param', 'text=hello', '--param', 'wide=true', '--wait', '-'],
    jobs,
  );
  expect(answer).toMatchObject({ exitCode: 0, stderr: '' });
  expect(answer.stdout.match(/^completed many-\d/gm)).toHaveLength(3);
  const calls = (await farm.calls('echo')).map(({ body }) => body).join('\n');
  for (const n of [1, 2, 3]) expect(calls).toContain(`{"n":${n},"text":"hello", "wide": true}`);
});

test('an id of a failed job runs again, and --wait waits for that run', async () => {
  const failing = anEcho({ command: 'fault', parameters: { kind: 'error_code' } });
  expect((await submit(['--queue', 'local', '--job-id', 'again', '--wait'], failing)).exitCode).toBe(1);
  expect((await submit(['--queue', 'renders', '--job-id', 'again', '--wait'], anEcho())).exitCode).toBe(0);
  expect((await submit(['--queue', 'local', '--job-id', 'again', '--wait'], anEcho())).exitCode).toBe(0);
  const conflict = await submit(['--queue', 'local', '--job-id', 'again', '--wait'], anEcho({ parameters: { b: 2 } }));
  expect(conflict).toMatchObject({ exitCode: 1, stdout: '' });
  expect(conflict.stderr).toContain('IdentityConflict: job again exists with other content');
});

test.each<[string, string[], string, string]>([
  [
    'a command that is not allowed',
    [],
    '{"command":"format_disk"}',
    'standard input: CommandNotAllowed: command: format_disk',
  ],
  ['what is no JSON', [], '{"command"', 'standard input: BadMessage: body: is not JSON'],
  ['nothing', [], '', 'standard input is empty'],
  ['a priority that is none', ['--priority', 'urgent'], anEcho(), 'must be one of highest, high'],
  ['a tenant too long', ['--tenant', 'x'.repeat(65)], anEcho(), 'must have at most 64 bytes'],
  ['a job id with a space', ['--job-id', 'a b'], anEcho(), 'must be 1 to 200 of the characters'],
  ['one id for two jobs', ['--job-id', 'a'], `${anEcho()}\n${anEcho()}`, '--job-id names one job'],
  ['a parameter without a value', ['--param', 'width'], anEcho(), '--param width: must be NAME=VALUE'],
  ['a queue that is not there', ['--queue', 'rendres'], anEcho(), 'there is no queue rendres, known are'],
  [
    'one bad line of two',
    [],
    `${anEcho()}\n{"command":5}`,
    'line 2 of standard input: BadMessage: command: must be a string',
  ],
])('%s is told before anything is sent', async (_name, args, input, message) => {
  const answer = await submit(['--queue', 'renders', ...args], input);
  expect(answer.stderr).toContain(message);
  expect(answer).toMatchObject({ exitCode: 2, stdout: '' });
});

test('a broker that is away fails the command with one line', async () => {
  const file = farm.folder.file(
    'away.conf',
    `<user queue_manager>
  allow_command echo
</user>
<user aws>
  region eu-west-1
  endpoint http://127.0.0.1:9
  access_key_id test
  secret_access_key test
  <user queue>
    name away
    url http://127.0.0.1:9/123456789012/away
  </user>
</user>
<user amqp>
  <user queue>
    name gone
    url amqp://user:secret@127.0.0.1:9/
    queue gone
  </user>
</user>
<user dqm>
  realityserver_url http://127.0.0.1:9/
</user>
`,
  );
  for (const queue of ['away', 'gone']) {
    const { exitCode, stderr } = await dqm(['submit', '--config', file, '--queue', queue], { input: anEcho() });
    expect(exitCode).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain('secret');
  }
});
