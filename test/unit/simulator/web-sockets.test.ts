import { once } from 'node:events';

import { Command, type ProgressEvent } from '@migenius/realityserver-client';
import { WebSocket } from 'ws';

import { helloAnswer, readHello } from '../../../lib/realityserver/web-socket/frames.ts';
import { aVendorClient } from '../../support/a-vendor-client.ts';

import { aSimulator, closeAll } from './a-simulator.ts';

afterEach(closeAll);

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

test.each(['binary', 'text'])("the vendor's client starts up and runs commands, in %s", async (form) => {
  const simulator = await aSimulator();
  const client = await aVendorClient(simulator.url);
  client.debug_commands = form === 'text';
  expect(client.connected_protocol_version).toBe(9);
  const parameters = { n: 2 ** 40, f: 0.5, text: 'ü', list: [true, null, {}] };
  const [echo, unknown, picture] = await client
    .queue_commands({ scope_name: 'mine' })
    .queue(new Command('echo', parameters), true)
    .queue(new Command('nothing'), true)
    .queue(new Command('render_product', { width: 16 }), true)
    .execute();
  expect(echo).toEqual(parameters);
  expect(unknown).toMatchObject({ code: -32_601, message: 'Unknown command: nothing' });
  const { mime_type, data } = picture as { mime_type: string; data: Uint8Array };
  expect(mime_type).toBe('image/png');
  expect(Buffer.from(data).subarray(0, 4)).toEqual(PNG);
  expect(simulator.log.map(({ command, overlap }) => [command, overlap])).toEqual(
    ['use_scope', 'echo', 'nothing', 'render_product'].map((command) => [command, false]),
  );
  client.close();
});

test('progress comes while a command runs, named by its import_id or its own name', async () => {
  const client = await aVendorClient((await aSimulator()).url);
  const events: ProgressEvent[] = [];
  client.on('progress', (event) => events.push(event));
  await client.execute_command(new Command('sleep', { ms: 20, import_id: 'nap' }), { want_response: true });
  await client.execute_command(new Command('render_frame', { width: 64 }), { want_response: true });
  const values = (id: string): number[] => events.filter((event) => event.id === id).map(({ value }) => value);
  expect(values('nap')).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
  expect(values('render_frame').length).toBeGreaterThan(0);
  expect(events.every(({ value }, index) => index === 0 || value > 0)).toBe(true);
  client.close();
});

test('messages of one connection run in turn, long-running ones beside them', async () => {
  const simulator = await aSimulator();
  const client = await aVendorClient(simulator.url);
  const options = { want_response: true };
  const order: string[] = [];
  const run = async (name: string, ms: number, longrunning: boolean): Promise<void> => {
    await client.execute_command(new Command('sleep', { ms }), { ...options, longrunning });
    order.push(name);
  };
  await Promise.all([run('long', 2_000, true), run('first', 40, false), run('second', 1, false)]);
  expect(order).toEqual(['first', 'second', 'long']);
  client.close();
});

test('what it does not simulate says so', async () => {
  const client = await aVendorClient((await aSimulator()).url);
  expect(await client.associate_scope('mine')).toEqual({});
  await expect(client.create_stream().start({ render_loop_name: 'loop' })).rejects.toThrow('start_stream');
  client.close();
});

test.each([{ kind: 'close' }, { kind: 'crash' }])('%j ends the connection and the client is told', async (fault) => {
  const simulator = await aSimulator();
  const client = await aVendorClient(simulator.url);
  const [answer] = await client.execute_command(new Command('fault', fault), { want_response: true });
  expect(answer).toMatchObject({ message: 'WebSocket connection closed.' });
});

test('error_code fails one command; hang answers nothing, its record ends with the connection', async () => {
  const simulator = await aSimulator();
  const client = await aVendorClient(simulator.url);
  const options = { want_response: true };
  const fault = (parameters: object): Promise<unknown[]> =>
    client.execute_command(new Command('fault', parameters), options);
  expect(await fault({ kind: 'error_code', code: -5, message: 'no' })).toEqual([
    expect.objectContaining({ code: -5, message: 'no' }),
  ]);
  const hanging = fault({ kind: 'hang' });
  while (simulator.log.length < 2) await new Promise(setImmediate);
  client.close();
  await hanging;
  while (simulator.log[1]?.end === null) await new Promise(setImmediate);
  expect(simulator.log[1]).toMatchObject({ closed: true });
});

test.each([
  ['no answer to the start-up', () => Buffer.from('hello')],
  ['unknown version 99', (mark: Buffer) => helloAnswer(99, mark, 0)],
  ['unknown version 1', (mark: Buffer) => helloAnswer(1, mark, 0)],
])('a client with %s is sent away', async (reason, answerTo) => {
  const { url } = await aSimulator();
  const socket = new WebSocket(`${url.replace('http', 'ws')}service/`);
  const [hello] = (await once(socket, 'message')) as [Buffer];
  socket.send(answerTo(readHello(hello)?.mark ?? Buffer.alloc(0)));
  const [code, said] = (await once(socket, 'close')) as [number, Buffer];
  expect([code, said.toString()]).toEqual([1002, reason]);
});

test('WebSockets are at /service/ alone', async () => {
  const { url } = await aSimulator();
  const socket = new WebSocket(url.replace('http', 'ws'));
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error.message).toContain('404');
});
