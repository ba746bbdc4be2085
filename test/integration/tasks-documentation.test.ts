import { text as textOf } from 'node:stream/consumers';

import { jsonPost } from '../../lib/postback/json-post.ts';
import { aUserProject, TYPESCRIPT, type UserProject } from '../support/a-user-project.ts';
import { codeBlocks } from '../support/code-blocks.ts';
import { dqm } from '../support/dqm-process.ts';

const blocks = codeBlocks('tasks.md');
const files = blocks.filter(({ file }) => file !== undefined);
const message = blocks.find(({ language }) => language === 'json')?.text ?? '';
const signatureCheck = blocks.find(({ language }) => language === 'js')?.text ?? '';

const SIGNATURE_CHECK = `
import { createHmac, timingSafeEqual } from 'node:crypto';
const [secret, body, signature] = process.argv.slice(2);
const request = { headers: { 'x-dqm-signature': signature } };
${signatureCheck}
console.log(isGenuine);
`;

/** What the example's archive answers, and what the task makes of it. */
const TEST_OF_TASK = `
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { archive_put } from './index.ts';

const asked: { address: string; init: RequestInit }[] = [];
const run = (status: number) => {
  globalThis.fetch = (async (address: string, init: RequestInit) => {
    asked.push({ address, init });
    return new Response(null, { status });
  }) as typeof fetch;
  const result = { mimeType: 'image/png', size: 3, sha256: 'abc', open: async () => Readable.from(['png']) };
  return archive_put.run({
    config: { path: 'chair.png' },
    settings: { token: 'a token' },
    result,
    jobId: 'chair-7',
    idempotencyKey: 'chair-7/0/0/abc',
    signal: new AbortController().signal,
  });
};

test('delivers', async () => {
  assert.equal(await run(201), 'https://archive.example/chair.png');
  assert.equal(asked[0]?.address, 'https://archive.example/chair.png');
  assert.deepEqual(asked[0]?.init.headers, { authorization: 'Bearer a token', 'idempotency-key': 'chair-7/0/0/abc' });
});
test('is final when the place is taken', () => assert.rejects(run(409), { name: 'TaskRejected' }));
test('comes again in a minute', () => assert.rejects(run(503), { name: 'TaskUnavailable', retryAfterMs: 60_000 }));
`;

const CONFIG = `
<user queue_manager>
  allow_command render_product
</user>
`;

let project: UserProject;

beforeAll(() => {
  project = aUserProject({
    'tsconfig.json': codeBlocks('chains.md').find(({ file }) => file === 'tsconfig.json')?.text ?? '',
    'tasks/archive.test.ts': TEST_OF_TASK,
    'message.json': message,
  });
  for (const { file = '', text } of files) project.write(file, file.endsWith('.conf') ? text + CONFIG : text);
});

afterAll(() => project.remove());

test('the task that the page shows compiles', async () => {
  expect(await project.node(TYPESCRIPT)).toBe('');
});

test('it delivers, is final and comes again as the page says', async () => {
  expect(await project.node('--import', 'tsx', '--test', 'tasks/archive.test.ts')).toMatch(/pass 3\b/);
});

test('its configuration finds it, and its schema checks messages', async () => {
  const check = (path: unknown) => {
    const tasks = [{ name: 'archive_put', config: { path } }];
    project.write('mine.json', JSON.stringify({ command: 'render_product', tasks }));
    return dqm(['check', 'mine.json', 'message.json'], { cwd: project.path, env: { ARCHIVE_TOKEN: 'a token' } });
  };
  expect(await check('chairs/1.png')).toMatchObject({ exitCode: 0 });
  const { exitCode, stdout, stderr } = await check('');
  expect(stdout + stderr).toContain('tasks[0].config.path');
  expect(exitCode).toBe(1);
});

test('the check of a signature that the page shows knows ours from others', async () => {
  project.write('signature.mjs', SIGNATURE_CHECK);
  const options = { idempotencyKey: 'chair-7/0/0/abc', jobId: 'chair-7', signingSecret: 'a secret' };
  const { body, headers } = jsonPost(new URL('https://shop.example/'), { state: 'failed' }, options);
  const sent = await textOf(await body());
  const { 'x-dqm-signature': signature = '' } = headers;
  expect(await project.node('signature.mjs', 'a secret', sent, signature)).toBe('true\n');
  expect(await project.node('signature.mjs', 'another', sent, signature)).toBe('false\n');
});
