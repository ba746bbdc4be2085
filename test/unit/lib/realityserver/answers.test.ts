import { buffer } from 'node:stream/consumers';

import { RealityServerError, type CommandResult } from '../../../../lib/realityserver/client.ts';
import { createRealityServer } from '../../../../lib/realityserver/http.ts';

import { aServer, canned, type CannedAnswer } from './a-server.ts';

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3]);
const { signal } = new AbortController();

async function answered<T>(
  answer: CannedAnswer,
  use: (result: CommandResult) => Promise<T>,
  maxJsonBytes = 1_000_000,
): Promise<T> {
  const server = await aServer(canned(answer));
  const realityServer = createRealityServer({ url: server.url, maxJsonBytes });
  try {
    return await use(await realityServer.run('render_product', '{}', signal));
  } finally {
    await realityServer.close();
    await server.close();
  }
}

const resultOf = (answer: CannedAnswer, maxJsonBytes?: number) =>
  answered(answer, async ({ mimeType, bytes }) => ({ mimeType, bytes: await buffer(bytes) }), maxJsonBytes);

async function errorOf(answer: CannedAnswer, maxJsonBytes?: number): Promise<RealityServerError> {
  const error: unknown = await resultOf(answer, maxJsonBytes).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RealityServerError);
  return error as RealityServerError;
}

const ERROR = '{"id":1,"error":{"code":-32000,"message":"no such scene"}}';
const RESULT = '{"id":1,"result":{"n":9007199254740993}}';

test('a Binary result is its bytes with their type', async () => {
  expect(await resultOf({ type: 'image/png', body: PNG })).toEqual({ mimeType: 'image/png', bytes: PNG });
});

test('bytes without a type are bytes', async () => {
  expect(await resultOf({ type: null, body: PNG })).toEqual({ mimeType: 'application/octet-stream', bytes: PNG });
});

test('a JSON result is its exact text', async () => {
  const { mimeType, bytes } = await resultOf({ type: 'text/plain', body: RESULT });
  expect(mimeType).toBe('application/json');
  expect(bytes.toString()).toBe('{"n":9007199254740993}');
});

test.each([
  { type: 'application/json', body: ERROR },
  { type: 'image/png', body: ERROR },
  { type: 'image/png', body: `[${ERROR}]` },
  { type: 'image/png', body: ` \n${ERROR}` },
  { type: null, body: ERROR },
  { status: 302, type: 'image/png', body: ERROR },
  { status: 404, body: ERROR },
  { status: 500, body: ERROR },
])('an error is an error, whatever status and type it has: %j', async (answer) => {
  const error = await errorOf(answer);
  expect(error).toMatchObject({ type: 'CommandFailed', connectionBroke: false });
  expect(error.message).toContain('no such scene (code -32000)');
});

test.each([
  [400, 'BadRequest'],
  [401, 'BadRequest'],
  [404, 'BadRequest'],
  [500, 'HostFault'],
  [503, 'HostFault'],
])('status %i without a JSON-RPC error is a %s, never a result', async (status, type) => {
  for (const body of ['', '<html>', '{"detail":"x"}', RESULT, PNG]) {
    const error = await errorOf({ status, body });
    expect(error).toMatchObject({ type, connectionBroke: false });
    expect(error.message).toContain(`status ${status}`);
  }
});

test('a status below 400 says nothing', async () => {
  expect(await resultOf({ status: 301, type: 'image/png', body: PNG })).toEqual({ mimeType: 'image/png', bytes: PNG });
});

test.each([
  ['{"vertices":[1.0, 2]}', 'model/gltf+json'],
  ['{"id":7,"name":"chair"}', 'application/json'],
  ['[{"a":1}]', 'application/json'],
  ['{"id":1,"result":', 'image/png'],
  ['{"id":1}\n{"id":2}', 'application/x-ndjson'],
])('%s of type %s is a result of its own', async (body, type) => {
  expect(await resultOf({ type, body })).toEqual({ mimeType: type, bytes: Buffer.from(body) });
});

test('a long result that only begins like JSON is not held in memory', async () => {
  const scene = Buffer.from(`{"vertices":[${'1.5,'.repeat(500_000)}0]}`);
  const picture = Buffer.concat([Buffer.from('{'), Buffer.alloc(500_000)]);
  for (const body of [scene, picture]) {
    // Far below their size: held, they would be refused.
    const { bytes } = await resultOf({ type: 'application/json', body }, 1_000);
    expect(bytes.equals(body)).toBe(true);
  }
});

test('a JSON answer has a limit', async () => {
  const error = await errorOf({ body: `{"id":1,"result":"${'x'.repeat(2_000)}"}` }, 1_000);
  expect(error).toMatchObject({ type: 'UnexpectedResult' });
  expect(error.message).toContain('more than 1000 bytes of JSON');
});

test.each([
  ['nothing', { type: 'image/png', body: '' }],
  ['broken JSON', { body: '{"id":1,"result":{"a"' }],
  ['broken JSON', { type: 'application/json; charset=utf-8', body: '[{"id":1' }],
])('%s is no result: %j', async (what, answer) => {
  const error = await errorOf(answer);
  expect(error.type).toBe('UnexpectedResult');
  expect(error.message).toContain(what);
});
