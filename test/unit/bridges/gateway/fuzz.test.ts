import { once } from 'node:events';

import { Command } from '@migenius/realityserver-client';
import { WebSocket, WebSocketServer } from 'ws';

import { fuzzedRequest, METHODS } from '../../../../bench/gateway/fuzzed-request.ts';
import { messageBytes, MESSAGE } from '../../../../lib/realityserver/web-socket/frames.ts';
import { typedBytes } from '../../../../lib/realityserver/web-socket/typed-values.ts';
import { aFuzz, fuzzRuns, type Fuzz } from '../../../support/a-fuzz.ts';
import { aGateway, closeGateways } from '../../../support/a-gateway.ts';
import { aVendorClient } from '../../../support/a-vendor-client.ts';
import { rawHttp } from '../../../support/raw-http.ts';
import { aSimulator, closeAll } from '../../simulator/a-simulator.ts';

jest.setTimeout(fuzzRuns({ few: 180_000, full: 600_000 }));
afterEach(async () => {
  await closeGateways();
  await closeAll();
});

const SEED = 20_260_101;
test('whatever comes by HTTP gets our answer, or the one of the server', async () => {
  const fuzz = aFuzz(SEED);
  const simulator = await aSimulator();
  const gateway = await aGateway(simulator.url);
  for (let run = 0; run < fuzzRuns({ few: 400, full: 10_000 }); run += 1) {
    const { type, body: bytes } = fuzzedRequest(fuzz);
    const before = gateway.calls.length;
    const asked = { method: 'POST', headers: { 'content-type': type }, body: bytes };
    const through = await (await fetch(gateway.url, asked)).text();
    const isOurs = gateway.calls.length > before;
    const isRight = isOurs || through === (await (await fetch(simulator.url, asked)).text());
    expect([run, bytes.toString().slice(0, 200), isRight]).toEqual([run, bytes.toString().slice(0, 200), true]);
    JSON.parse(through);
  }
  expect(gateway.calls.length).toBeGreaterThan(50);
});

test('half bodies and lying lengths are refused or wait for nobody', async () => {
  const fuzz = aFuzz(SEED);
  const simulator = await aSimulator();
  const gateway = await aGateway(simulator.url);
  for (let run = 0; run < fuzzRuns({ few: 40, full: 500 }); run += 1) {
    const { body: bytes } = fuzzedRequest(fuzz);
    const length = fuzz.one([bytes.length + 1 + fuzz.number(100), -1, '5, 6', 'x', '1e3', bytes.length * 2 + 1]);
    const head = [
      `POST / HTTP/1.1`,
      'Host: x',
      `Content-Length: ${length}`,
      fuzz.one(['X: 1', 'Transfer-Encoding: gzip']),
    ];
    const answer = await rawHttp(gateway.url, Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes]), {
      end: true,
    });
    expect(answer).toMatch(/^(HTTP\/1\.1 [45]\d\d |$)/);
  }
  expect([gateway.calls, simulator.log]).toEqual([[], []]);
  expect((await gateway.post('{"method":"get_version","id":1}')).ok).toBe(true);
});

/** `run`: no id comes twice, for the mirror's echo of a command would be an answer to an earlier one. */
function frame(fuzz: Fuzz, run: number): Buffer {
  const commands = fuzz.many(fuzz.number(6), () => ({
    name: fuzz.one(METHODS),
    params: fuzz.one([{}, null, { a: [1, 2.5, 'ü'] }, 2 ** 40]),
  }));
  const message = {
    command: fuzz.one(['execute', 'execute', 'execute', 'other', null]),
    arguments: fuzz.one([{ commands }, { commands }, { commands }, commands, null]),
    id: fuzz.one([run, `a${run}`, null, -run - 0.5]),
  };
  const isLittleEndian = fuzz.number(4) > 0;
  const bytes =
    fuzz.number(3) === 0
      ? Buffer.from(JSON.stringify(message))
      : Buffer.concat([messageBytes(MESSAGE.command, isLittleEndian), typedBytes(message, isLittleEndian)]);
  return fuzz.number(2) === 0 ? bytes : fuzz.spoiled(bytes);
}

test('whatever comes as a frame is answered here or passes untouched', async () => {
  const fuzz = aFuzz(SEED);
  const mirror = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  mirror.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })));
  await once(mirror, 'listening');
  const gateway = await aGateway(`http://127.0.0.1:${(mirror.address() as { port: number }).port}/`);
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}service/`);
  await once(socket, 'open');
  const heard: string[] = [];
  socket.on('message', (data: Buffer) => heard.push(data.toString('latin1')));
  for (let run = 0; run < fuzzRuns({ few: 400, full: 2_000 }); run += 1) {
    const bytes = frame(fuzz, run);
    const before = gateway.calls.length;
    heard.length = 0;
    // Text must be UTF-8, or the connection ends: so says the protocol.
    socket.send(bytes, { binary: bytes[0] !== 0x7b || !Buffer.from(bytes.toString()).equals(bytes) });
    socket.send(`marker ${run}`);
    while (!heard.includes(`marker ${run}`)) await once(socket, 'message');
    // One that names ours may be answered here without a call: its parameters may hold what has no place in JSON.
    const mayBeOurs = gateway.calls.length > before || /dqm_|queue_manager/.test(bytes.toString('latin1'));
    expect([run, mayBeOurs || heard.includes(bytes.toString('latin1'))]).toEqual([run, true]);
  }
  expect(gateway.calls.length).toBeGreaterThan(50);
  expect(socket.readyState).toBe(WebSocket.OPEN);
  socket.terminate();
  mirror.close();
});

test("a client's good commands go on beside another's broken ones", async () => {
  const fuzz = aFuzz(SEED);
  const simulator = await aSimulator();
  const gateway = await aGateway(simulator.url);
  const client = await aVendorClient(gateway.url);
  const other = new WebSocket(`${gateway.url.replace('http', 'ws')}service/`);
  await once(other, 'open');
  for (let run = 0; run < 100; run += 1) {
    if (other.readyState === WebSocket.OPEN) other.send(frame(fuzz, run), { binary: true });
    expect(await client.execute_command(new Command('echo', { run }), { want_response: true })).toEqual([{ run }]);
  }
  client.close();
  other.terminate();
});
