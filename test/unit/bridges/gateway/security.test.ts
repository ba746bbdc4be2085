import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';

import type { GuardRules } from '../../../../bridges/gateway/guard.ts';
import type { OwnCall } from '../../../../bridges/gateway/own-commands.ts';
import { aGateway, closeGateways } from '../../../support/a-gateway.ts';
import { aStubbornServer, aWebServer } from '../../../support/a-web-server.ts';
import { rawHttp } from '../../../support/raw-http.ts';
import { until } from '../../../support/until.ts';
import { aSimulator, closeAll } from '../../simulator/a-simulator.ts';

afterEach(async () => {
  await closeGateways();
  await closeAll();
});

const TOKEN = 'käse-7f3a';
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
const LIST = '{"method":"dqm_list_jobs","id":1}';

/** A gateway before a server that keeps what it was asked. */
async function guarded(guard: Partial<GuardRules> = {}) {
  const server = await aWebServer({ status: 200, body: '{"id":1,"result":"theirs"}' });
  const gateway = await aGateway(server.url, { guard: { origins: [], ...guard } });
  return { server, gateway };
}

describe('with a token', () => {
  test.each([
    ['Bearer', `Bearer ${Buffer.from(TOKEN).toString('latin1')}`],
    ['bearer in lower case', `bearer   ${Buffer.from(TOKEN).toString('latin1')}`],
    ['the password of Basic', basic(`anybody:${TOKEN}`)],
    ['Basic without a user', basic(`:${TOKEN}`)],
  ])('%s lets in, and nobody behind sees it', async (_form, authorization) => {
    const { server, gateway } = await guarded({ token: TOKEN });
    const response = await gateway.post('{"method":"get_version","id":1}', { authorization });
    expect(response.status).toBe(200);
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
    expect(await (await gateway.post(LIST, { authorization })).json()).toEqual({ id: 1, result: 'dqm_list_jobs' });
  });

  test.each([
    ['none', {}],
    ['another', { authorization: 'Bearer wrong' }],
    ['its beginning', { authorization: 'Bearer k' }],
    ['the user of Basic', { authorization: basic(`${TOKEN}:x`) }],
    ['Basic that is none', { authorization: 'Basic %%%' }],
    ['an empty one', { authorization: 'Bearer ' }],
  ])('%s is refused, for every path', async (_what, headers) => {
    const { server, gateway } = await guarded({ token: TOKEN });
    for (const path of ['', 'service/', 'static/a.png', '?dqm_token=' + encodeURIComponent(TOKEN)]) {
      const response = await fetch(gateway.url + path, { headers });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Basic realm="dqm"');
    }
    expect(server.requests).toEqual([]);
    expect(gateway.calls).toEqual([]);
  });

  test('a second Authorization does not carry it past', async () => {
    const { server, gateway } = await guarded({ token: 'secret' });
    const headers = ['Authorization: Bearer secret', 'Authorization: Bearer secret', 'Connection: close'];
    await rawHttp(gateway.url, `GET /x HTTP/1.1\r\nHost: x\r\n${headers.join('\r\n')}\r\n\r\n`);
    expect(JSON.stringify(server.requests)).not.toContain('secret');
    expect(server.requests).toHaveLength(1);
  });

  test('no token, cookie or header reaches the log', async () => {
    const { gateway } = await guarded({ token: 'secret' });
    const away = await aGateway('http://127.0.0.1:1/', { guard: { origins: [], token: 'secret' } });
    const headers = { authorization: 'Bearer secret', cookie: 'session=private', 'x-own': 'private' };
    await away.post(LIST.replace('dqm_list_jobs', 'get_version'), headers);
    await gateway.post(LIST, { ...headers, authorization: 'Bearer secretly' });
    const said = JSON.stringify([...gateway.log.events, ...away.log.events]);
    expect(said).toContain('RealityServer did not answer');
    expect(said).not.toMatch(/secret|private/);
  });
});

test("without a token a client's Authorization is the server's", async () => {
  const { server, gateway } = await guarded();
  await gateway.post('{"method":"get_version","id":1}', { authorization: 'Bearer theirs' });
  expect(server.requests[0]?.headers.authorization).toBe('Bearer theirs');
});

describe('a page of another site', () => {
  const listed = { origins: ['https://shop.example'], url: 'https://render.example' };

  test.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['no origin to speak of', { origin: 'null' }],
    ['the same name on another port', { origin: 'http://127.0.0.1:1' }],
    ['a name that was made to point here', { origin: 'http://rebound.example', host: 'rebound.example' }],
    ['the same, without an origin', { 'sec-fetch-site': 'same-origin', host: 'rebound.example' }],
    ['an image', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    ['a neighbour', { 'sec-fetch-site': 'same-site' }],
    ['a link in a mail', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }],
    ['an old browser', { referer: 'https://evil.example/page' }],
  ])('%s may not call our commands, in either form, and may call the others', async (_who, headers: object) => {
    const { server, gateway } = await guarded(listed);
    const host = 'host' in headers ? [] : ['Host: 127.0.0.1'];
    const lines = [...host, ...Object.entries(headers).map((pair) => pair.join(': ')), 'Connection: close'];
    const call = (method: string) => encodeURIComponent(JSON.stringify({ method, id: 1 }));
    const get = (method: string): Promise<string> =>
      rawHttp(gateway.url, `GET /?json_rpc_request=${call(method)} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    expect(await get('queue_manager_submit_job')).toContain('gateway_origin');
    const post = `POST / HTTP/1.1\r\n${lines.join('\r\n')}\r\nContent-Length: ${LIST.length}\r\n\r\n${LIST}`;
    expect(await rawHttp(gateway.url, post)).toContain('gateway_origin');
    expect(gateway.calls).toEqual([]);
    expect(await get('get_version')).toContain('theirs');
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    ['a program', {}],
    ['a listed page', { origin: 'https://shop.example' }],
    ['a page of the gateway itself', { origin: 'https://render.example', host: 'render.example' }],
    ['a page at its address', { origin: 'http://127.0.0.1:8090', host: '127.0.0.1:8090' }],
    ['one at localhost', { 'sec-fetch-site': 'same-origin', host: 'localhost:8090' }],
    ['one with its referer', { referer: 'http://[::1]:8090/x', host: '[::1]:8090' }],
  ])('%s may', async (_who, headers: object) => {
    const { gateway } = await guarded(listed);
    const lines = Object.entries({ host: '127.0.0.1', ...headers }).map((pair) => pair.join(': '));
    const head = [`POST / HTTP/1.1`, ...lines, 'Connection: close', `Content-Length: ${LIST.length}`];
    expect(await rawHttp(gateway.url, `${head.join('\r\n')}\r\n\r\n${LIST}`)).toContain('"result":"dqm_list_jobs"');
  });

  test('a listed page may read our answer', async () => {
    const { gateway } = await guarded(listed);
    const response = await gateway.post(LIST, { origin: 'https://shop.example' });
    expect(response.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect((await gateway.post(LIST)).headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('what two servers may read in two ways is refused', () => {
  test.each([
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde'],
    ['two lengths in one', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nabcde'],
    [
      'chunked and a length',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['an unknown coding', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
    ['a coding twice', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['folded headers', 'GET / HTTP/1.1\r\nHost: x\r\nX-Long: a\r\n b\r\n\r\n'],
    ['white space before a colon', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length : 0\r\n\r\n'],
    ['a negative length', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'],
    ['a length that is none', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\nabcde'],
    ['a bare line feed', 'GET / HTTP/1.1\nHost: x\n\n'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
    ['a whole address', 'GET http://other.example/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['a broken chunk', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ])('%s', async (_what, bytes) => {
    const { server, gateway } = await guarded();
    expect(await rawHttp(gateway.url, bytes)).toMatch(/^(HTTP\/1\.1 400 |$)/);
    expect(server.requests).toEqual([]);
  });
});

test('headers beyond 64 KiB are refused', async () => {
  const { gateway } = await guarded();
  const answer = await rawHttp(gateway.url, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`);
  expect(answer).toContain('HTTP/1.1 431');
});

test('half a body calls nothing', async () => {
  const { server, gateway } = await guarded();
  const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${LIST.length + 1}\r\n\r\n`;
  await rawHttp(gateway.url, head + LIST, { end: true });
  expect([server.requests, gateway.calls]).toEqual([[], []]);
});

test("one client's flood waits in its own lane; another client has its turn", async () => {
  let free: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (free = resolve));
  const run = async ({ method }: OwnCall) => {
    if (method === 'dqm_list_jobs') await held;
    return { outcome: { result: '1' } };
  };
  const gateway = await aGateway(undefined, { run });
  const flood = Array.from({ length: 20 }, () => gateway.post(LIST).then((response) => response.text()));
  await until(() => gateway.calls.length === 16);
  const { hostname, port } = new URL(gateway.url);
  const other = httpRequest({ hostname, port, method: 'POST', localAddress: '127.0.0.2' });
  other.end('{"method":"dqm_job_status","id":1}');
  const [answer] = (await once(other, 'response')) as [IncomingMessage];
  expect((await buffer(answer)).toString()).toBe('{"id":1,"result":1}');
  expect(gateway.calls).toHaveLength(17);
  free();
  expect(new Set(await Promise.all(flood))).toEqual(new Set(['{"id":1,"result":1}']));
});

/** Sends the beginning of a request, then so many drops of the rest, one every 50 ms. Settles when the gateway ends it. */
async function slowly(url: string, beginning: string, drop: string, drops: number): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  let left = drops;
  const dripping = setInterval(() => left-- > 0 && socket.write(drop), 50);
  socket.write(beginning);
  const heard = (await buffer(socket)).toString();
  clearInterval(dripping);
  return heard;
}

test('a connection that sends its headers by the drop is ended', async () => {
  const server = await aWebServer({ status: 200 });
  const gateway = await aGateway(server.url, { limits: { headersMs: 300, idleMs: 60_000 } });
  expect(await slowly(gateway.url, 'GET / HTTP/1.1\r\nHost: x\r\n', 'X', Infinity)).toMatch(/^(HTTP\/1\.1 408 |$)/);
  expect(server.requests).toEqual([]);
});

test.each(['/', '/upload'])('a body to %s that stands still is ended, on both sides', async (path) => {
  const ends: string[] = [];
  const server = await aStubbornServer((asked) => {
    asked.on('error', () => undefined).on('close', () => ends.push(asked.complete ? 'whole' : 'broken off'));
    asked.resume();
  });
  const gateway = await aGateway(server.url, { limits: { headersMs: 60_000, idleMs: 1_000 } });
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${LIST.length}\r\n\r\n`;
  await slowly(gateway.url, head + LIST.slice(0, -2), '}', 1);
  expect(gateway.calls).toEqual([]);
  // What is looked into is not sent on before it is whole.
  if (path !== '/') await until(() => ends.length > 0);
  expect(ends).toEqual(path === '/' ? [] : ['broken off']);
});

/** A result that fits into no buffer between the simulator and a client. */
const BIG = 100_000_000;
const bigResult = (bytes: number): string => JSON.stringify({ method: 'big_result', params: { bytes }, id: 1 });

test('a client that takes nothing of its answer does not hold its call', async () => {
  const simulator = await aSimulator();
  const gateway = await aGateway(simulator.url, { limits: { headersMs: 60_000, idleMs: 1_000 } });
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname).pause();
  socket.on('error', () => undefined);
  const body = bigResult(BIG);
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  const call = await until(() => simulator.log[0]?.end != null && simulator.log[0]);
  expect(call).toMatchObject({ command: 'big_result', closed: true });
  socket.destroy();
});

test('one that takes its answer slowly gets all of it', async () => {
  const simulator = await aSimulator();
  const gateway = await aGateway(simulator.url, { limits: { headersMs: 60_000, idleMs: 2_000 } });
  const asking = httpRequest(gateway.url, { method: 'POST' });
  asking.end(bigResult(BIG));
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  let [taken, rests] = [0, 0];
  for await (const piece of answer as AsyncIterable<Buffer>) {
    taken += piece.length;
    if (taken < ((rests + 1) * BIG) / 6) continue;
    rests += 1;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  expect([taken, rests]).toEqual([BIG, 6]);
});

test('a body that comes slowly comes in, and an answer may take longer than that', async () => {
  const run = async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    return { outcome: { result: '"late"' } };
  };
  const gateway = await aGateway(undefined, { run, limits: { headersMs: 60_000, idleMs: 1_000 } });
  const head = `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${LIST.length + 30}\r\n\r\n`;
  expect(await slowly(gateway.url, head + LIST, ' ', 30)).toContain('"result":"late"');
});
