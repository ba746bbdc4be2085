import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

import type { RealityServer } from '../../../../lib/realityserver/client.ts';
import { createRealityServer } from '../../../../lib/realityserver/http.ts';

import { aServer, canned, type AServer } from './a-server.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

const { signal } = new AbortController();
const VERSION = canned({ body: '{"id":1,"result":"5.3"}' });

function clientOf(url: string): RealityServer {
  const realityServer = createRealityServer({ url });
  open.push(realityServer.close);
  return realityServer;
}

async function aPair(
  answer: (response: ServerResponse) => void,
): Promise<{ server: AServer; realityServer: RealityServer }> {
  const server = await aServer(answer);
  open.push(server.close);
  return { server, realityServer: clientOf(server.url) };
}

/** A server that speaks no HTTP. */
async function aSocketServer(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => new Promise((resolve) => server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}

test('a command is one JSON-RPC call with the exact text of its parameters', async () => {
  const { server, realityServer } = await aPair(VERSION);
  const parameters = '{ "n": 9007199254740993, "z": -0, "big": 1e400, "__proto__": 1, "n": 5.0, "ü": "😀" }';
  await realityServer.run('ns::render "x"', parameters, signal);
  expect(server.requests).toEqual([
    {
      method: 'POST',
      path: '/',
      headers: expect.objectContaining({ 'content-type': 'application/json' }) as unknown,
      body: `{"jsonrpc":"2.0","method":"ns::render \\"x\\"","params":${parameters},"id":1}`,
    },
  ]);
});

test('each command has a connection of its own', async () => {
  const { server, realityServer } = await aPair(VERSION);
  for (let count = 0; count < 3; count += 1) await realityServer.version(signal);
  expect(server.sockets).toHaveLength(3);
  expect(server.requests[0]?.headers.connection).toBe('close');
});

test.each([
  ['render:p%40ss', 'render:p@ss'],
  ['render:100%', 'render:100%'],
  ['render', 'render:'],
])('user info %s is Basic authentication and stands in no message', async (userInfo, credentials) => {
  const server = await aServer(canned({ status: 503, body: '' }));
  open.push(server.close);
  const realityServer = clientOf(`http://${userInfo}@127.0.0.1:${server.port}/rs/?scope=a`);
  const failure = realityServer.run('chair', '{}', signal);
  await expect(failure).rejects.toThrow(/^http:\/\/127\.0\.0\.1:\d+ answered chair with status 503$/);
  const [request] = server.requests;
  expect(request?.path).toBe('/rs/?scope=a');
  const sent = request?.headers.authorization?.replace(/^Basic /, '') ?? '';
  expect(Buffer.from(sent, 'base64').toString()).toBe(credentials);
});

test('a version is a string', async () => {
  const { realityServer } = await aPair(VERSION);
  await expect(realityServer.version(signal)).resolves.toBe('5.3');
});

test.each([canned({ body: '{"id":1,"result":{"version":"5.3"}}' }), canned({ type: 'image/png', body: 'PNG' })])(
  'anything else is no version',
  async (answer) => {
    const { realityServer } = await aPair(answer);
    await expect(realityServer.version(signal)).rejects.toMatchObject({ type: 'UnexpectedResult' });
  },
);

test('a refused connection is a fault of the host, not of the command', async () => {
  const server = await aServer(VERSION);
  await server.close();
  const realityServer = clientOf(server.url);
  await expect(realityServer.run('render', '{}', signal)).rejects.toMatchObject({
    type: 'HostFault',
    message: `no connection to http://127.0.0.1:${server.port}`,
    connectionBroke: false,
    cause: expect.objectContaining({ code: 'ECONNREFUSED' }) as unknown,
  });
});

test('so is a failed TLS handshake', async () => {
  const { server } = await aPair(VERSION);
  const realityServer = clientOf(`https://127.0.0.1:${server.port}/`);
  await expect(realityServer.run('render', '{}', signal)).rejects.toMatchObject({
    type: 'HostFault',
    connectionBroke: false,
  });
});

test('and a host that takes too long to connect', async () => {
  const realityServer = createRealityServer({
    url: `https://127.0.0.1:${await aSocketServer()}/`,
    connectTimeoutMs: 100,
  });
  await expect(realityServer.run('render', '{}', signal)).rejects.toMatchObject({
    type: 'HostFault',
    connectionBroke: false,
    cause: expect.objectContaining({ message: 'not connected after 100 ms' }) as unknown,
  });
  await realityServer.close();
});

test.each([
  ['instead of an answer', (response: ServerResponse) => response.destroy()],
  ['in the head', (response: ServerResponse) => response.socket?.end('HTTP/1.1 200 OK\r\ncontent-ty')],
])('a connection that breaks %s is a fault of the host', async (_when, answer) => {
  const { server, realityServer } = await aPair(answer);
  await expect(realityServer.run('render', '{}', signal)).rejects.toMatchObject({
    type: 'HostFault',
    message: `the connection to http://127.0.0.1:${server.port} broke before render had answered`,
    connectionBroke: true,
  });
});

test('a JSON answer that is cut short is no result', async () => {
  const { server, realityServer } = await aPair((response) => partOf(response, '{"id":1,"result":'));
  await expect(realityServer.run('render', '{}', signal)).rejects.toMatchObject({
    type: 'UnexpectedResult',
    message: `render gave less than all of its result: http://127.0.0.1:${server.port} ended it`,
    connectionBroke: true,
  });
});

test('an error page that is cut short is the fault its status tells', async () => {
  const { realityServer } = await aPair((response) => {
    response.writeHead(502, { 'content-length': 1000 });
    partOf(response, 'Bad Gat');
  });
  await expect(realityServer.run('render', '{}', signal)).rejects.toMatchObject({ type: 'HostFault' });
});

test.each([{ 'content-length': 10 }, {}])('bytes that are cut short never end well: %j', async (headers) => {
  const { realityServer } = await aPair((response) => {
    response.writeHead(200, { 'content-type': 'image/png', ...headers });
    partOf(response, '\u0089PNG');
  });
  const { bytes } = await realityServer.run('render', '{}', signal);
  await expect(buffer(bytes)).rejects.toMatchObject({ type: 'UnexpectedResult', connectionBroke: true });
});

test('bytes that are read slowly are all there, although the server has closed the connection behind them', async () => {
  const sent = Buffer.alloc(400_000, 'picture ');
  const { server, realityServer } = await aPair((response) => response.end(sent));
  const { bytes } = await realityServer.run('render', '{}', signal);
  await once(bytes, 'readable');
  await closed(server);
  const received: Buffer[] = [];
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    received.push(chunk);
    await new Promise(setImmediate);
  }
  expect(Buffer.concat(received).equals(sent)).toBe(true);
});

test('closing the client ends what runs', async () => {
  const server = await aServer(() => undefined);
  open.push(server.close);
  const realityServer = createRealityServer({ url: server.url });
  const running = realityServer.run('render', '{}', signal);
  running.catch(() => undefined);
  while (server.requests.length === 0) await new Promise(setImmediate);
  await realityServer.close();
  await expect(running).rejects.toMatchObject({ type: 'HostFault' });
});

test('an abort closes the connection of a command that has not answered', async () => {
  const { server, realityServer } = await aPair(() => undefined);
  const aborting = new AbortController();
  const running = realityServer.run('render', '{}', aborting.signal);
  running.catch(() => undefined);
  while (server.requests.length === 0) await new Promise(setImmediate);
  aborting.abort(new Error('cancelled'));
  await expect(running).rejects.toThrow('cancelled');
  await closed(server);
});

test('an abort ends the bytes too, with its reason', async () => {
  const { server, realityServer } = await aPair((response) => response.write('PNG'));
  const aborting = new AbortController();
  const { bytes } = await realityServer.run('render', '{}', aborting.signal);
  const read = buffer(bytes);
  aborting.abort(new Error('cancelled'));
  await expect(read).rejects.toThrow('cancelled');
  await closed(server);
});

test('an abort does not wait for a connection', async () => {
  const realityServer = clientOf(`https://127.0.0.1:${await aSocketServer()}/`);
  const aborting = new AbortController();
  const running = realityServer.run('render', '{}', aborting.signal);
  aborting.abort(new Error('cancelled'));
  await expect(running).rejects.toThrow('cancelled');
});

test('what is aborted already is not sent', async () => {
  const { server, realityServer } = await aPair(VERSION);
  await expect(realityServer.run('render', '{}', AbortSignal.abort(new Error('cancelled')))).rejects.toThrow(
    'cancelled',
  );
  await realityServer.version(signal);
  expect(server.requests).toHaveLength(1);
});

test('bytes that nobody wants any more close the connection', async () => {
  const { server, realityServer } = await aPair((response) => response.write('PNG'));
  const { bytes } = await realityServer.run('render', '{}', signal);
  bytes.destroy();
  await expect(closed(server)).resolves.toBeUndefined();
});

/** The first connection is. */
async function closed({ sockets: [socket] }: AServer): Promise<void> {
  if (socket && !socket.closed) await once(socket, 'close');
}

function partOf(response: ServerResponse, text: string): void {
  response.write(Buffer.from(text, 'latin1'), () => response.destroy());
}
