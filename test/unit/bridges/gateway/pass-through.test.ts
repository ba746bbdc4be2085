import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';

import { aGateway, closeGateways } from '../../../support/a-gateway.ts';
import { aProxy } from '../../../support/a-proxy.ts';
import { aStubbornServer } from '../../../support/a-web-server.ts';
import { partsOfAnswer, rawHttp } from '../../../support/raw-http.ts';
import { until } from '../../../support/until.ts';
import { aSimulator, closeAll } from '../../simulator/a-simulator.ts';

afterEach(async () => {
  await closeGateways();
  await closeAll();
});

/** Answers with what it was asked, to the letter. */
const aMirror = () =>
  aStubbornServer((request, response) => {
    void buffer(request).then((body) => {
      const seen = [`${request.method} ${request.url}`, ...pairs(request.rawHeaders), body.toString('hex')];
      response.sendDate = false;
      response.writeHead(
        request.url?.includes('teapot') ? 418 : 200,
        request.url?.includes('teapot') ? 'Short and stout' : undefined,
        ['Set-Cookie', 'a=1; Path=/', 'set-cookie', 'b=2', 'X-MiXeD', 'ä', 'Access-Control-Allow-Origin', '*'],
      );
      response.end(JSON.stringify(seen));
    });
  });

const pairs = (raw: string[]): string[] =>
  Array.from({ length: raw.length / 2 }, (_, at) => `${raw[at * 2]}: ${raw[at * 2 + 1]}`).filter(
    (header) => !/^(connection|transfer-encoding):/i.test(header),
  );

const zipped = gzipSync('{"method":"dqm_list_jobs","id":1}');
const request = (head: string[], body: string | Buffer = ''): Buffer =>
  Buffer.concat([Buffer.from([...head, 'Connection: close', '', ''].join('\r\n'), 'latin1'), Buffer.from(body)]);
const withBody = (line: string, headers: string[], body: string | Buffer): Buffer =>
  request([line, 'Host: render.example', ...headers, `Content-Length: ${Buffer.byteLength(body)}`], body);

test.each([
  ['GET with a query', request(['GET /a/b.png?x=%20&y=1&y=2&empty= HTTP/1.1', 'Host: render.example'])],
  ['a path that nobody may tidy', request(['GET /a/./b/../c//d%2Fe;p=1 HTTP/1.1', 'Host: x'])],
  ['HEAD', request(['HEAD /static/x HTTP/1.1', 'Host: x'])],
  [
    'OPTIONS',
    request(['OPTIONS / HTTP/1.1', 'Host: x', 'Origin: https://shop.example', 'Access-Control-Request-Method: POST']),
  ],
  ['DELETE', request(['DELETE /x HTTP/1.1', 'Host: x'])],
  ['PROPFIND', request(['PROPFIND /x HTTP/1.1', 'Host: x', 'Depth: 1', 'Content-Length: 0'])],
  [
    'cookies and headers in their order and case',
    request([
      'GET /x HTTP/1.1',
      'host: x',
      'COOKIE: a=1; b=2',
      'X-One: 1',
      'x-one: 2',
      'X-Umlaut: \xe4',
      'Authorization: Basic dTpw',
    ]),
  ],
  ['JSON', withBody('POST / HTTP/1.1', ['Content-Type: application/json'], '{"method":"get_version","id":1}')],
  ['JSON under a type that is none', withBody('POST / HTTP/1.1', ['Content-Type: ;;;'], '{"method" : "x"}')],
  ['bytes', withBody('PUT /upload HTTP/1.1', ['Content-Type: image/png'], Buffer.from([0, 255, 13, 10, 128]))],
  [
    'a compressed body, unread',
    withBody('POST / HTTP/1.1', ['Content-Encoding: gzip', 'Accept-Encoding: gzip'], zipped),
  ],
  ['GET with a body', withBody('GET /x HTTP/1.1', [], 'body')],
  ['a header for this connection alone', request(['GET /x HTTP/1.1', 'Host: x', 'TE: trailers', 'Keep-Alive: 5'])],
  ['a status of its own', request(['GET /teapot HTTP/1.1', 'Host: x'])],
  ['POST without a body', request(['POST / HTTP/1.1', 'Host: x', 'Content-Length: 0'])],
])('%s reaches the server as it is, and its answer the client', async (_what, bytes) => {
  const mirror = await aMirror();
  const gateway = await aGateway(mirror.url);
  const [direct, through] = await Promise.all([rawHttp(mirror.url, bytes), rawHttp(gateway.url, bytes)]);
  const hopByHop = /"(TE|Keep-Alive): [^"]*",?/g;
  const expected = partsOfAnswer(direct);
  expect(partsOfAnswer(through)).toEqual({ ...expected, body: expected.body.replaceAll(hopByHop, '') });
  expect(gateway.calls).toEqual([]);
});

test('a body in chunks is the same bytes', async () => {
  const mirror = await aMirror();
  const gateway = await aGateway(mirror.url);
  const chunks = '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n';
  for (const path of ['/', '/upload']) {
    const head = [`POST ${path} HTTP/1.1`, 'Host: x', 'Transfer-Encoding: chunked'];
    expect(await rawHttp(gateway.url, request(head, chunks))).toContain(Buffer.from('abcde').toString('hex'));
  }
});

test('an answer without a length, and one of more than a frame, are the same bytes', async () => {
  const simulator = await aSimulator();
  const gateway = await aGateway(simulator.url);
  for (const chunked of [true, false]) {
    const call = { method: 'big_result', params: { bytes: 1_000_000, seed: 5, chunked } };
    const [direct, through] = await Promise.all([simulator.post(call), gateway.post(call)]);
    expect(through.headers.get('content-length')).toBe(direct.headers.get('content-length'));
    const [one, other] = await Promise.all([direct.arrayBuffer(), through.arrayBuffer()]);
    expect(Buffer.from(one).equals(Buffer.from(other))).toBe(true);
  }
});

test.each([
  ['with a length', true],
  ['in chunks', false],
])('a body over 4 MiB %s streams through unread', async (_how, hasLength) => {
  let received = 0;
  const hash = createHash('sha256');
  const server = await aStubbornServer((asked, response) => {
    asked.on('data', (piece: Buffer) => {
      received += piece.length;
      hash.update(piece);
    });
    asked.once('end', () => response.end(hash.digest('hex')));
  });
  const gateway = await aGateway(server.url);
  const piece = Buffer.alloc(1024 * 1024, 'x');
  const bytes = 9 * piece.length;
  const asking = httpRequest(gateway.url, { method: 'POST', headers: hasLength ? { 'content-length': bytes } : {} });
  const expected = createHash('sha256');
  for (let count = 0; count < 9; count += 1) {
    expected.update(piece);
    if (!asking.write(piece)) await once(asking, 'drain');
    // It arrives before the last piece has been sent.
    if (count === 7) await until(() => received > 0);
  }
  asking.end();
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  expect((await buffer(answer)).toString()).toBe(expected.digest('hex'));
  expect(received).toBe(bytes);
});

test("the server's slowness and its 503 are its own", async () => {
  const simulator = await aSimulator();
  const gateway = await aGateway(simulator.url);
  await simulator.call('sim_faults', { command: 'echo', kind: 'http_500', status: 503, after_ms: 300 });
  const began = performance.now();
  const response = await gateway.post({ method: 'echo', id: 1 });
  expect([response.status, await response.text()]).toEqual([503, 'The simulator was asked to fail\n']);
  expect(performance.now() - began).toBeGreaterThan(290);
  expect(simulator.log).toHaveLength(1);
});

test('the first bytes of a slow answer are here before its last', async () => {
  let finish: () => void = () => undefined;
  const server = await aStubbornServer((_asked, response) => {
    response.write('first');
    finish = () => response.end('last');
  });
  const gateway = await aGateway(server.url);
  const asking = httpRequest(gateway.url, { method: 'POST' });
  asking.end('{"method":"render"}');
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  const [first] = (await once(answer, 'data')) as [Buffer];
  expect(first.toString()).toBe('first');
  finish();
  expect((await buffer(answer)).toString()).toBe('last');
});

test.each([
  ['before', { kind: 'hang' }],
  ['while', { kind: 'slow_bytes', chunk_bytes: 16, interval_ms: 50 }],
])('a client that leaves %s the answer comes ends the call of the server', async (_when, fault) => {
  const simulator = await aSimulator();
  const gateway = await aGateway(simulator.url);
  const asking = httpRequest(gateway.url, { method: 'POST' });
  asking.on('error', () => undefined);
  asking.end(JSON.stringify({ method: 'fault', params: fault }));
  if (fault.kind === 'hang') await until(() => simulator.log.length > 0);
  else await once(asking, 'response');
  asking.destroy();
  await until(() => simulator.log[0]?.closed);
  expect(simulator.log[0]).toMatchObject({ closed: true });
});

test.each([{ kind: 'truncated' }, { kind: 'truncated', chunked: true }])(
  'an answer that breaks off breaks off at the client: %j',
  async (fault) => {
    const simulator = await aSimulator();
    const gateway = await aGateway(simulator.url);
    const response = await gateway.post({ method: 'fault', params: fault });
    await expect(response.arrayBuffer()).rejects.toThrow('terminated');
  },
);

test('a server that is away is named, and found when it is back', async () => {
  const simulator = await aSimulator();
  const proxy = await aProxy(new URL(simulator.url).host);
  const gateway = await aGateway(`http://${proxy.host}:${proxy.port}/`);
  expect((await gateway.post({ method: 'get_version', id: 1 })).ok).toBe(true);
  await proxy.cut();
  const away = await gateway.post({ method: 'get_version', id: 1 });
  expect(away.status).toBe(502);
  const { error } = (await away.json()) as { error: { message: string } };
  expect(error.message).toContain(`RealityServer at http://${proxy.host}:${proxy.port}: `);
  await proxy.mend();
  expect((await gateway.post({ method: 'get_version', id: 1 })).ok).toBe(true);
  expect(gateway.log.events.map(({ message }) => message)).toContain('RealityServer did not answer');
});

test.each([
  ['no HTTP', 'garbage\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc'],
  ['nothing', ''],
])('a server that answers %s is a bad gateway', async (_what, answer) => {
  const server = await aStubbornServer((asked) => void asked.socket.end(answer));
  const gateway = await aGateway(server.url);
  expect((await gateway.post({ method: 'get_version', id: 1 })).status).toBe(502);
});

test('what a server sends behind the length it said reaches nobody, and harms no later call', async () => {
  let calls = 0;
  const server = await aStubbornServer((asked, response) => {
    calls += 1;
    if (calls > 1) response.end('later');
    else
      asked.socket.write(
        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged',
      );
  });
  const gateway = await aGateway(server.url);
  const ask = async (): Promise<string> => (await gateway.post({ method: 'get_version', id: 1 })).text();
  expect(await ask()).toBe('ok');
  expect([await ask(), await ask()]).toEqual(['later', 'later']);
});

test('a path in realityserver_url comes first', async () => {
  const mirror = await aMirror();
  const gateway = await aGateway(`${mirror.url}/rs/`);
  expect(await (await fetch(`${gateway.url}x?y=1`)).json()).toContain('GET /rs/x?y=1');
});
