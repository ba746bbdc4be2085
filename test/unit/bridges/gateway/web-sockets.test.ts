import { once } from 'node:events';

import { Command } from '@migenius/realityserver-client';
import { WebSocket, WebSocketServer } from 'ws';

import { messageBytes, MESSAGE, responseFrame } from '../../../../lib/realityserver/web-socket/frames.ts';
import { createTypedReader, jsonTextOf, typedBytes } from '../../../../lib/realityserver/web-socket/typed-values.ts';
import { aGateway, closeGateways } from '../../../support/a-gateway.ts';
import { aVendorClient } from '../../../support/a-vendor-client.ts';
import { aStubbornServer } from '../../../support/a-web-server.ts';
import { until } from '../../../support/until.ts';
import { aSimulator, closeAll } from '../../simulator/a-simulator.ts';

const servers: WebSocketServer[] = [];
afterEach(async () => {
  await closeGateways();
  await closeAll();
  for (const server of servers.splice(0)) {
    for (const client of server.clients) client.terminate();
    server.close();
  }
});

const WANTED = { want_response: true };
const SUBMIT = new Command('queue_manager_submit_job', {
  queue_name: 'q',
  command: 'render_product',
  parameters: { scene: 'chair.mi', big: 2 ** 53, half: 0.5, list: [true, null, 'ü'] },
});

describe.each(['binary', 'text'])("the vendor's own client, in %s", (form) => {
  async function client() {
    const simulator = await aSimulator();
    const gateway = await aGateway(simulator.url);
    const service = await aVendorClient(gateway.url);
    service.debug_commands = form === 'text';
    return { simulator, gateway, service };
  }

  test('commands, Binary results and progress pass', async () => {
    const { service } = await client();
    const values: number[] = [];
    service.on('progress', ({ value }) => values.push(value));
    const [echo, picture] = (await service
      .queue_commands()
      .queue(new Command('echo', { a: [1, 'ü'] }), true)
      .queue(new Command('render_product', { width: 16 }), true)
      .queue(new Command('sleep', { ms: 10 }), true)
      .execute()) as [unknown, { mime_type: string }];
    expect(echo).toEqual({ a: [1, 'ü'] });
    expect(picture.mime_type).toBe('image/png');
    expect(values).toContain(100);
  });

  test('a submit is answered here, its parameters as they came', async () => {
    const { service, gateway, simulator } = await client();
    expect(await service.execute_command(SUBMIT, WANTED)).toEqual([{ message_id: 'm-1', job_id: 'j-1' }]);
    expect(JSON.parse(gateway.calls[0]?.parameters ?? '')).toEqual({
      queue_name: 'q',
      command: 'render_product',
      parameters: { scene: 'chair.mi', big: 2 ** 53, half: 0.5, list: [true, null, 'ü'] },
    });
    expect(simulator.log).toEqual([]);
  });

  test('of a list the others run there, and the answers are joined', async () => {
    const { service, simulator } = await client();
    const answers = await service
      .queue_commands({ scope_name: 'mine' })
      .queue(new Command('echo', { n: 1 }), true)
      .queue(SUBMIT, true)
      .queue(new Command('nothing'), true)
      .queue(new Command('render_product', { width: 16 }), true)
      .queue(new Command('dqm_list_jobs'), true)
      .execute();
    expect(answers).toEqual([
      { n: 1 },
      { message_id: 'm-1', job_id: 'j-1' },
      expect.objectContaining({ code: -32_601 }),
      expect.objectContaining({ mime_type: 'image/png' }),
      'dqm_list_jobs',
    ]);
    expect(simulator.log.map(({ command }) => command)).toEqual(['use_scope', 'echo', 'nothing', 'render_product']);
  });

  test('a submit that wants no answer is carried out', async () => {
    const { service, gateway } = await client();
    await service.queue_commands().queue(SUBMIT).queue(new Command('echo')).execute();
    expect(await service.execute_command(new Command('echo', { after: 1 }), WANTED)).toEqual([{ after: 1 }]);
    expect(gateway.calls).toHaveLength(1);
  });
});

/** A WebSocket server that does with a connection what a test says. */
async function aServer(
  onConnection: (socket: WebSocket, headers: NodeJS.Dict<string | string[]>) => void,
  path?: string,
) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...(path && { path }), autoPong: false });
  servers.push(server);
  server.on('headers', (headers) => headers.push('Set-Cookie: session=1', 'Set-Cookie: other=2'));
  server.on('connection', (socket, request) => onConnection(socket, request.headers));
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
}

const aSocket = (url: string, options: object = {}): WebSocket =>
  new WebSocket(`${url.replace('http', 'ws')}service/`, { autoPong: false, ...options });

const command = (
  name: string,
  id: number | null,
  isLittleEndian = true,
  commands = [{ name, params: { a: 1 } }],
): Buffer =>
  Buffer.concat([
    messageBytes(MESSAGE.command, isLittleEndian),
    typedBytes({ command: 'execute', arguments: { commands }, id }, isLittleEndian),
  ]);

test.each([
  ['text', '{"command" : "execute", "arguments":{"commands":[{"name":"render"}]},"id":1}', false],
  ['text that is no JSON', '{"command":"execute","x":"dqm_list_jobs"', false],
  ['text that only speaks of us', '{"command":"other","arguments":{"x":"dqm_list_jobs"},"id":1}', false],
  ['a command', command('render', 1), true],
  [
    'a command that speaks of us',
    command('say', 1, true, [{ name: 'say', params: { a: 1, to: 'dqm_list_jobs' } as never }]),
    true,
  ],
  ['a command cut off', command('dqm_list_jobs', 1).subarray(0, -3), true],
  ['an acknowledgement', Buffer.from([2, 0, 0, 0, 1, 0, 0, 0]), true],
  ['nothing', Buffer.alloc(0), true],
  ['anything', Buffer.from('dqm_list_jobs and more'), true],
  ['more than a frame', Buffer.alloc(300_000, 7), true],
])('%s passes untouched, both ways', async (_what, data, isBinary) => {
  const url = await aServer((socket) => socket.on('message', (bytes, binary) => socket.send(bytes, { binary })));
  const gateway = await aGateway(url);
  const socket = aSocket(gateway.url);
  await once(socket, 'open');
  socket.send(data, { binary: isBinary });
  const [back, binary] = (await once(socket, 'message')) as [Buffer, boolean];
  expect(binary).toBe(isBinary);
  expect(back.equals(Buffer.from(data))).toBe(true);
  expect(gateway.calls).toEqual([]);
});

/** Passes all on between a client and a server, and keeps what each of them said: form and bytes. */
async function aTap(url: string) {
  const said = { client: [] as string[], server: [] as string[] };
  let ended = false;
  const tap = await aServer((socket) => {
    socket.pause();
    const behind = new WebSocket(`${url.replace('http', 'ws')}service/`);
    behind.once('open', () => socket.resume());
    const pass = (from: WebSocket, to: WebSocket, who: keyof typeof said): void => {
      from.on('message', (data: Buffer, binary) => {
        said[who].push(`${binary ? 'binary' : 'text'} ${data.toString('hex')}`);
        to.send(data, { binary });
      });
      from.on('close', () => to.close());
    };
    pass(socket, behind, 'client');
    pass(behind, socket, 'server');
    socket.on('close', () => (ended = true));
  });
  return { url: tap, said, ended: () => ended };
}

test.each(['binary', 'text'])(
  'a whole session of the vendor’s client is the same bytes behind, in %s',
  async (form) => {
    const simulator = await aSimulator();
    const behind = await aTap(simulator.url);
    const gateway = await aGateway(behind.url);
    const before = await aTap(gateway.url);
    const service = await aVendorClient(before.url);
    service.debug_commands = form === 'text';
    await service
      .queue_commands({ scope_name: 'mine' })
      .queue(new Command('echo', { a: [1, 'ü', 0.5, null, true] }), true)
      .queue(new Command('render_product', { width: 16 }), true)
      .queue(new Command('nothing'), true)
      .queue(new Command('sleep', { ms: 20 }), true)
      .execute();
    await service.execute_command(new Command('get_version', {}), WANTED);
    service.close();
    // What a client says behind its last answer comes before its farewell.
    await until(behind.ended);
    expect(before.said).toEqual(behind.said);
    expect(before.said.client.length).toBeGreaterThan(2);
    expect(before.said.server.length).toBeGreaterThan(4);
  },
);

test('pings, pongs, cookies, protocols and farewells are those of the other side', async () => {
  const heard: string[] = [];
  let seen: NodeJS.Dict<string | string[]> = {};
  const url = await aServer((socket, headers) => {
    seen = headers;
    socket.on('ping', (data) => {
      heard.push(`ping ${data.toString()}`);
      socket.pong('answer');
    });
    socket.on('message', () => socket.close(4001, 'enough'));
  });
  const gateway = await aGateway(url);
  const headers = { Cookie: 'a=1', 'X-Own': '1', Origin: 'https://shop.example' };
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}service/?x=%20`, ['one', 'two'], { headers });
  const [upgrade] = (await once(socket, 'upgrade')) as [{ headers: NodeJS.Dict<string[]> }];
  expect(upgrade.headers['set-cookie']).toEqual(['session=1', 'other=2']);
  if (socket.readyState !== WebSocket.OPEN) await once(socket, 'open');
  expect(socket.protocol).toBe('one');
  expect(seen).toMatchObject({ cookie: 'a=1', 'x-own': '1', origin: 'https://shop.example' });
  socket.ping('question');
  const [pong] = (await once(socket, 'pong')) as [Buffer];
  expect([...heard, pong.toString()]).toEqual(['ping question', 'answer']);
  socket.send('bye');
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  expect([code, reason.toString()]).toEqual([4001, 'enough']);
});

test("a client's farewell reaches the server, and a broken connection breaks", async () => {
  const ends: [number, string][] = [];
  const url = await aServer((socket) => socket.on('close', (code, reason) => ends.push([code, reason.toString()])));
  const gateway = await aGateway(url);
  const [polite, rude] = [aSocket(gateway.url), aSocket(gateway.url)];
  await Promise.all([once(polite, 'open'), once(rude, 'open')]);
  polite.close(1000, 'User request');
  await once(polite, 'close');
  rude.terminate();
  await until(() => ends.length === 2);
  expect(ends.toSorted(([one], [other]) => one - other)).toEqual([
    [1000, 'User request'],
    [1006, ''],
  ]);
});

test('a client that takes nothing of what it is sent does not hold the server', async () => {
  let ending: number | undefined;
  const url = await aServer((server) => {
    server.on('close', (code) => (ending = code));
    for (let count = 0; count < 50; count += 1) server.send(Buffer.alloc(1_000_000));
  });
  const gateway = await aGateway(url, { limits: { headersMs: 60_000, idleMs: 1_000 } });
  const socket = aSocket(gateway.url);
  socket.on('error', () => undefined);
  await once(socket, 'open');
  socket.pause();
  expect(await until(() => ending)).toBe(1006);
  socket.terminate();
});

test('a WebSocket on which nobody speaks stays', async () => {
  const url = await aServer((server) => server.on('message', (data) => server.send(data)));
  const gateway = await aGateway(url, { limits: { headersMs: 60_000, idleMs: 200 } });
  const socket = aSocket(gateway.url);
  await once(socket, 'open');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  socket.send('still there');
  const [back] = (await once(socket, 'message')) as [Buffer];
  expect(back.toString()).toBe('still there');
  socket.terminate();
});

test('a server that dies ends the WebSocket, and a command of ours that runs meanwhile harms nobody', async () => {
  const url = await aServer((socket) => socket.on('message', () => socket.terminate()));
  let end: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (end = resolve));
  const gateway = await aGateway(url, { run: () => held.then(() => ({ outcome: { result: '1' } })) });
  const socket = aSocket(gateway.url);
  await once(socket, 'open');
  const commands = [{ name: 'a' }, { name: 'dqm_list_jobs' }];
  socket.send(command('', 1, true, commands as never));
  const [code] = (await once(socket, 'close')) as [number];
  expect(code).toBe(1006);
  end();
  expect((await gateway.post('{"method":"dqm_list_jobs","id":1}')).status).toBe(200);
});

test('a refusal of the server is its own', async () => {
  const server = await aStubbornServer((_request, response) => response.end());
  const gateway = await aGateway(server.url);
  const socket = aSocket(gateway.url);
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error.message).toBe('Unexpected server response: 200');
});

test('a server that is away is a bad gateway', async () => {
  const gateway = await aGateway('http://127.0.0.1:1/');
  const [error] = (await once(aSocket(gateway.url), 'error')) as [Error];
  expect(error.message).toBe('Unexpected server response: 502');
});

test.each([true, false])(
  'an error of the whole list is one of each of the rest, little-endian: %s',
  async (isLittle) => {
    const error = { code: -1, message: 'no scope' };
    const url = await aServer((socket) =>
      socket.on('message', (_data, isBinary) =>
        isBinary
          ? socket.send(responseFrame(7, { error }, isLittle))
          : socket.send(JSON.stringify({ id: 7, error, extra: 1 })),
      ),
    );
    const gateway = await aGateway(url);
    const socket = aSocket(gateway.url);
    await once(socket, 'open');
    const commands = [{ name: 'a' }, { name: 'dqm_list_jobs' }, { name: 'b' }];
    const joined = { id: 7, result: [{ error }, { result: 'dqm_list_jobs' }, { error }] };
    socket.send(command('', 7, isLittle, commands as never));
    const [binary] = (await once(socket, 'message')) as [Buffer];
    const reader = createTypedReader(binary, 4, isLittle);
    expect([reader.value(), reader.value()].map((each) => JSON.parse(jsonTextOf(each)) as unknown)).toEqual([
      7,
      { result: joined.result },
    ]);
    socket.send(JSON.stringify({ command: 'execute', arguments: { commands }, id: 7 }));
    const [text] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(text.toString())).toEqual({ ...joined, extra: 1 });
  },
);

test('a submit whose parameters hold bytes names them', async () => {
  const simulator = await aSimulator();
  const gateway = await aGateway(simulator.url);
  const service = await aVendorClient(gateway.url);
  const parameters = { queue_name: 'q', parameters: { texture: new Uint8Array([1, 2]).buffer } };
  const [answer] = await service.execute_command(new Command('queue_manager_submit_job', parameters), WANTED);
  expect(answer).toMatchObject({ code: -32_602, message: 'params: Binary values have no place in JSON' });
  expect(gateway.calls).toEqual([]);
});

test('our commands are at /service/ alone', async () => {
  const url = await aServer((socket) => socket.on('message', (bytes, binary) => socket.send(bytes, { binary })));
  const gateway = await aGateway(url);
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}other/`);
  await once(socket, 'open');
  socket.send(command('dqm_list_jobs', 1));
  const [back] = (await once(socket, 'message')) as [Buffer];
  expect(back.equals(command('dqm_list_jobs', 1))).toBe(true);
  expect(gateway.calls).toEqual([]);
});

describe('guarded', () => {
  test.each([
    ['in the address', '?a=%20&dqm_token=s%20cret&b', {}],
    ['as Bearer', '?a=%20&b', { authorization: 'Bearer s cret'.replace(' c', '%20c') }],
    ['as a password', '?a=%20&b', { authorization: `Basic ${Buffer.from('u:s cret').toString('base64')}` }],
  ])('a token %s lets in and is gone behind', async (form, query, headers) => {
    const token = form === 'as Bearer' ? 's%20cret' : 's cret';
    let seen = '';
    const url = await aServer((socket, asked) => {
      seen = JSON.stringify(asked);
      socket.send('hello');
    });
    const server = servers.at(-1);
    let path = '';
    server?.on('connection', (_socket, request) => (path = request.url ?? ''));
    const gateway = await aGateway(url, { guard: { origins: [], token } });
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}service/${query}`, { headers });
    await once(socket, 'message');
    expect(path).toBe('/service/?a=%20&b');
    expect(seen).not.toMatch(/cret|authorization/i);
  });

  test.each(['', '?dqm_token=', '?dqm_token=wrong'])('without it nobody comes in: %j', async (query) => {
    const url = await aServer(() => undefined);
    const gateway = await aGateway(url, { guard: { origins: [], token: 'secret' } });
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}service/${query}`);
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toBe('Unexpected server response: 401');
  });

  test('a page of another site passes commands on, and may not call ours', async () => {
    const simulator = await aSimulator();
    const gateway = await aGateway(simulator.url, { guard: { origins: ['https://shop.example'] } });
    const answersTo = async (origin: string): Promise<unknown[]> => {
      const service = await aVendorClient(gateway.url, '', { headers: { origin } });
      return service
        .queue_commands()
        .queue(new Command('echo', { a: 1 }), true)
        .queue(SUBMIT, true)
        .execute();
    };
    expect(await answersTo('https://evil.example')).toEqual([
      { a: 1 },
      expect.objectContaining({ message: expect.stringContaining('gateway_origin') as string }),
    ]);
    expect(await answersTo('https://shop.example')).toEqual([{ a: 1 }, { message_id: 'm-1', job_id: 'j-1' }]);
    expect(gateway.calls).toHaveLength(1);
  });
});
