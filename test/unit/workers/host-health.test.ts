import { EventEmitter, on } from 'node:events';

import type { RealityServer } from '../../../lib/realityserver/client.ts';
import { startHostHealth } from '../../../workers/host-health.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A RealityServer that answers `get_version` as told. */
function aRealityServer(version: () => Promise<string>): RealityServer {
  return { version, run: () => Promise.reject(new Error('no command is run here')) };
}

function watched(version: () => Promise<string>) {
  const changes = new EventEmitter();
  const heard = on(changes, 'change'); // keeps those that nobody waits for yet
  const health = startHostHealth({
    realityServer: aRealityServer(version),
    log: silent,
    name: 'http://127.0.0.1:8080',
    onChange: (ready) => changes.emit('change', ready),
  });
  return { health, nextChange: async (): Promise<unknown> => ((await heard.next()).value as unknown[])[0] };
}

test('a server that answers is ready', async () => {
  const { health, nextChange } = watched(() => Promise.resolve('6.3'));
  expect(await nextChange()).toBe(true);
  health.stop();
  await health.done;
});

test('a server that comes up later is ready then', async () => {
  let up = false;
  const { health, nextChange } = watched(() => {
    if (up) return Promise.resolve('6.3');
    up = true;
    return Promise.reject(new Error('connection refused'));
  });
  expect(await nextChange()).toBe(true);
  health.stop();
  await health.done;
});

test('a fault closes the host until it answers again', async () => {
  const { health, nextChange } = watched(() => Promise.resolve('6.3'));
  await nextChange();
  health.fault(new Error('connection reset'));
  expect(await nextChange()).toBe(false);
  expect(await nextChange()).toBe(true);
  health.stop();
  await health.done;
});

test('the probe before a command fails as the server does', async () => {
  const { health } = watched(() => Promise.reject(new Error('connection refused')));
  await expect(health.probe(new AbortController().signal)).rejects.toThrow('connection refused');
  health.stop();
  await health.done;
});
