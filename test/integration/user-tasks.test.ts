import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { aFarm, type Farm } from '../support/a-farm.ts';
import { dqm, killAll, startDqm, type DqmProcess } from '../support/dqm-process.ts';

const ROOT = join(__dirname, '../..');

/** As a user writes it: TypeScript beside the configuration, zod and this package in its own `node_modules`. */
const TASKS = `import { createWriteStream } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { defineTask, TaskRejected, TaskUnavailable } from 'durable-queue-manager/tasks';

const attempts = new Map<string, number>();

export const drop_off = defineTask({
  config: z.object({ name: z.string().regex(/^[a-z0-9-]+[.]json$/), busy: z.number().int().default(0), full: z.boolean().optional() }),
  run: async ({ config, settings, result, idempotencyKey, jobId }) => {
    const attempt = (attempts.get(idempotencyKey) ?? 0) + 1;
    attempts.set(idempotencyKey, attempt);
    if (config.full) throw new TaskRejected('the folder is full for good');
    if (attempt <= config.busy) throw new TaskUnavailable('the folder is busy', { retryAfterMs: 1 });
    await pipeline(await result.open(), createWriteStream(settings.folder + '/' + config.name));
    await appendFile(settings.folder + '/log', [jobId, attempt, result.size, result.sha256, idempotencyKey].join(' ') + '\\n');
    return 'ftp://user:secret@ftp.example/' + config.name + '?token=secret';
  },
});
`;

let farm: Farm;
let config: string;
let folder: string;
let up: DqmProcess;

beforeAll(async () => {
  farm = await aFarm();
  folder = join(farm.folder.path, 'dropped');
  for (const made of ['dropped', 'tasks', 'node_modules']) mkdirSync(join(farm.folder.path, made));
  symlinkSync(ROOT, join(farm.folder.path, 'node_modules/durable-queue-manager'));
  symlinkSync(join(ROOT, 'node_modules/zod'), join(farm.folder.path, 'node_modules/zod'));
  farm.folder.file('package.json', '{ "type": "module" }');
  farm.folder.file('tasks/index.ts', TASKS);
  config = farm.config('tasks.conf', {
    dqm: ['tasks_module ./tasks/index.ts', '<user task>', 'name drop_off', `setting folder ${folder}`, '</user>'],
  });
  up = startDqm(['up', '--config', config]);
  await up.said('Up');
});

afterAll(async () => {
  await killAll();
  await farm?.close();
});

const submit = async (jobId: string, taskConfig: object) => {
  const message = {
    command: 'echo',
    parameters: { jobId },
    tasks: [{ name: 'drop_off', config: taskConfig }],
    dqm: { job_id: jobId },
  };
  const answer = await dqm(['submit', '--queue', 'local', '--wait', '--config', config, '-'], {
    input: JSON.stringify(message),
  });
  return answer;
};

interface JobAnswer {
  state: string;
  tasks: { name: string; state: string; attempts: number; destination: string }[];
  error: { type: string; message: string } | null;
}

async function job(id: string): Promise<JobAnswer> {
  const answer = await dqm(['job', id, '--config', config, '--json']);
  expect(answer).toMatchObject({ exitCode: 0 });
  return JSON.parse(answer.stdout) as JobAnswer;
}

test('a task of one’s own delivers the result, tried again when its destination is busy', async () => {
  expect(await submit('chair-1', { name: '${job_id}.${mime_ext}', busy: 2 })).toMatchObject({ exitCode: 0 });
  const bytes = readFileSync(join(folder, 'chair-1.json'));
  expect(JSON.parse(String(bytes))).toMatchObject({ jobId: 'chair-1' });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const [line = ''] = readFileSync(join(folder, 'log'), 'utf8').split('\n');
  expect(line).toMatch(new RegExp(`^chair-1 3 ${bytes.length} ${sha256} chair-1/0/0/[0-9a-f]{12}$`));
  expect((await job('chair-1')).tasks).toMatchObject([
    { name: 'drop_off', state: 'completed', attempts: 3, destination: 'ftp://ftp.example/chair-1.json' },
  ]);
});

test('TaskRejected ends the job at once and says what the task said', async () => {
  expect(await submit('chair-2', { name: '${job_id}.json', full: true })).toMatchObject({ exitCode: 1 });
  expect(await job('chair-2')).toMatchObject({
    state: 'failed',
    tasks: [{ attempts: 1 }],
    error: { type: 'TaskRejected', message: expect.stringContaining('the folder is full for good') as string },
  });
});

test('a config that its schema refuses is found before the job starts; what only the filled template shows fails the task', async () => {
  expect(await submit('chair-3', { name: 'UPPER' })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('tasks[0].config.name') as string,
  });
  expect(await submit('chair:4', { name: '${job_id}.json' })).toMatchObject({ exitCode: 1 });
  expect((await job('chair:4')).error).toMatchObject({
    type: 'TaskRejected',
    message: expect.stringContaining('config.name') as string,
  });
});

test.each<[what: string, lines: string[], module: string, message: string]>([
  ['an export that is no task', [], 'export const drop_off = async () => undefined;', 'drop_off is no task'],
  [
    'the name of a built-in one',
    [],
    "import { z } from 'zod';\nimport { defineTask } from 'durable-queue-manager/tasks';\nexport const s3_upload = defineTask({ config: z.object({}), run: async () => undefined });",
    's3_upload is built in',
  ],
  [
    'settings for a task that nobody exports',
    ['<user task>', 'name ftp_put', 'setting password secret', '</user>'],
    'export {};',
    'has settings for ftp_put',
  ],
  ['a missing package', [], "import 'left-pad-of-nobody';", 'npm install it beside the module'],
])('a tasks module with %s is a mistake of the configuration', async (_what, lines, module, message) => {
  farm.folder.file('tasks/wrong.ts', module);
  const wrong = farm.config('wrong.conf', { dqm: ['tasks_module ./tasks/wrong.ts', ...lines] });
  const answer = await dqm(['check', '--config', wrong]);
  expect(answer).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) as string });
  expect(answer.stderr).not.toContain('secret');
});
