import { createHash, createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { fileURLToPath } from 'node:url';

import { aStubbornServer, aWebServer } from '../../../support/a-web-server.ts';
import { anHttpPost, aPicture, store } from '../../../support/an-http-post.ts';
import { runActivity, startActivity } from '../../../support/run-activity.ts';

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

test('the web server gets the bytes, their type and length, and what recognises the delivery', async () => {
  const server = await aWebServer({ status: 201 });
  const input = await aPicture(`${server.url}/store/\${message_id}.\${mime_ext}?token=secret`);

  const { destination } = await runActivity(anHttpPost(), input);

  expect(destination).toBe(`${server.url}/store/m-1.png`);
  expect(server.requests).toHaveLength(1);
  expect(server.requests[0]).toMatchObject({
    method: 'POST',
    path: '/store/m-1.png?token=secret',
    body: Buffer.from('a picture'),
    headers: {
      'content-type': 'image/png',
      'content-length': '9',
      'idempotency-key': `chair-1/0/1/${shortHash(store.keyOf(input.result))}`,
      'x-dqm-job-id': 'chair-1',
    },
  });
  expect(server.requests[0]!.headers).not.toHaveProperty('x-dqm-signature');
  expect(server.requests[0]!.headers).not.toHaveProperty('authorization');
});

test('each attempt has the same Idempotency-Key, a picture rendered anew has another', async () => {
  const server = await aWebServer({ status: 204 });
  const input = await aPicture(server.url);
  const anew = { ...(await aPicture(server.url)), variables: input.variables };
  for (const each of [input, input, anew]) await runActivity(anHttpPost(), each);

  const [first, again, other] = server.requests.map(({ headers }) => headers['idempotency-key']);
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test('the signature is that of the body', async () => {
  const server = await aWebServer({ status: 204 });
  await runActivity(anHttpPost({ signingSecret: 'hush' }), await aPicture(server.url));
  const { headers, body } = server.requests[0]!;
  expect(headers['x-dqm-signature']).toBe(`sha256=${createHmac('sha256', 'hush').update(body).digest('hex')}`);
});

test("the task's own method and headers are used, and user info becomes Basic authorization", async () => {
  const server = await aWebServer({ status: 200, body: 'thanks' });
  const uri = server.url.replace('//', '//user:pa%20ss@');
  await runActivity(anHttpPost(), await aPicture(uri, { method: 'PUT', headers: { 'X-Shop': '${queue_name}' } }));
  expect(server.requests[0]).toMatchObject({
    method: 'PUT',
    headers: { 'x-shop': 'renders', authorization: `Basic ${Buffer.from('user:pa ss').toString('base64')}` },
  });
});

test('an id beyond ASCII still makes headers', async () => {
  const server = await aWebServer({ status: 204 });
  const input = await aPicture(server.url);
  await runActivity(anHttpPost(), { ...input, variables: { ...input.variables, job_id: 'Stuhl ä' } });
  expect(server.requests[0]!.headers['x-dqm-job-id']).toBe('Stuhl%20%C3%A4');
});

test('an empty result is sent', async () => {
  const server = await aWebServer({ status: 204 });
  await runActivity(anHttpPost(), await aPicture(server.url, {}, ''));
  expect(server.requests[0]).toMatchObject({ body: Buffer.alloc(0), headers: { 'content-length': '0' } });
});

test('30 MB arrive whole, though the answer is as long', async () => {
  const content = Buffer.alloc(30_000_000, 'picture');
  const server = await aWebServer({ status: 200, body: content });
  await runActivity(anHttpPost({ signingSecret: 'hush' }), await aPicture(server.url, {}, content));
  expect(server.requests[0]!.body.equals(content)).toBe(true);
});

test('503 is retried, and the next attempt delivers', async () => {
  const server = await aWebServer({ status: 503, headers: { 'retry-after': '7' } }, { status: 200 });
  const input = await aPicture(server.url);
  await expect(runActivity(anHttpPost(), input)).rejects.toMatchObject({
    type: 'TaskUnavailable',
    nonRetryable: false,
    nextRetryDelay: 7_000,
  });
  await expect(runActivity(anHttpPost(), input)).resolves.toEqual({ destination: `${server.url}/` });
});

test('404 is final, and its message holds neither credentials nor the answer', async () => {
  const server = await aWebServer({ status: 404, body: 'a page with a secret' });
  const uri = `${server.url.replace('//', '//user:secret@')}/x?token=secret`;
  await expect(runActivity(anHttpPost(), await aPicture(uri))).rejects.toMatchObject({
    type: 'TaskRejected',
    nonRetryable: true,
    message: `http_post to ${server.url}/x answered 404`,
  });
});

test('a server that nobody listens at is retried', async () => {
  await expect(runActivity(anHttpPost(), await aPicture('http://127.0.0.1:1/'))).rejects.toMatchObject({
    type: 'TaskUnavailable',
    message: expect.stringContaining('ECONNREFUSED') as string,
  });
});

const HANGS: RequestListener = (request) => void request.resume();

test('a server that breaks the connection is retried', async () => {
  const server = await aStubbornServer((request) => request.socket.destroy());
  await expect(runActivity(anHttpPost(), await aPicture(server.url))).rejects.toMatchObject({
    type: 'TaskUnavailable',
  });
});

test('a server that never answers is retried after the timeout of the task', async () => {
  const { url } = await aStubbornServer(HANGS);
  await expect(runActivity(anHttpPost(), await aPicture(url, { timeout: '1s' }))).rejects.toMatchObject({
    type: 'TaskUnavailable',
    message: expect.stringContaining('timeout') as string,
  });
});

test('a server that says no before it has read all of the body is understood', async () => {
  const { url } = await aStubbornServer((_request, response) => void response.writeHead(413).end());
  await expect(runActivity(anHttpPost(), await aPicture(url, {}, Buffer.alloc(20_000_000)))).rejects.toMatchObject({
    type: 'TaskRejected',
    message: expect.stringContaining('413') as string,
  });
});

test('a cancel ends the request', async () => {
  let arrived = () => {};
  const arrival = new Promise<void>((resolve) => (arrived = resolve));
  const { url } = await aStubbornServer((request) => {
    request.resume();
    arrived();
  });
  const activity = startActivity(anHttpPost(), await aPicture(url));
  await arrival;
  activity.cancel();
  await expect(activity.done).rejects.toMatchObject({ name: 'CancelledFailure' });
});

test('a stopping worker gives its task to another one at once', async () => {
  const { url } = await aStubbornServer(HANGS);
  const activity = startActivity(anHttpPost(), await aPicture(url));
  activity.stopWorker();
  await expect(activity.done).rejects.toMatchObject({ type: 'TaskUnavailable', nextRetryDelay: 1 });
});

test('damaged bytes are not delivered, and not tried again', async () => {
  const server = await aStubbornServer(HANGS);
  const input = await aPicture(server.url);
  writeFileSync(fileURLToPath(input.result.uri), 'a forgery');
  await expect(runActivity(anHttpPost(), input)).rejects.toMatchObject({
    type: 'TaskRejected',
    message: expect.stringContaining('no longer holds the bytes') as string,
  });
});

test('a reference to another place than the result store is not delivered', async () => {
  const server = await aWebServer();
  const input = await aPicture(server.url);
  const result = { ...input.result, uri: 'file:///etc/passwd' };
  await expect(runActivity(anHttpPost(), { ...input, result })).rejects.toMatchObject({ type: 'TaskRejected' });
  expect(server.requests).toHaveLength(0);
});
