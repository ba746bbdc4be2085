import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rememberEngine } from '../../../lib/engine/address-file.ts';
import { connectionOptions } from '../../../lib/temporal.ts';

let dataFolder: string;
beforeEach(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'dqm-temporal-'));
});
afterEach(() => rm(dataFolder, { recursive: true }));

const optionsOf = (env: NodeJS.ProcessEnv = {}, dqm: { temporalAddress?: string } = {}) =>
  connectionOptions({ dqm: { temporalNamespace: 'farm', dataFolder, ...dqm } }, env);

async function aProfileFile(text: string): Promise<NodeJS.ProcessEnv> {
  const file = join(dataFolder, 'temporal.toml');
  await writeFile(file, text);
  return { TEMPORAL_CONFIG_FILE: file };
}

async function withAnEngineHere(look: (address: string) => Promise<void>): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  await rememberEngine(dataFolder, { address, uiUrl: 'http://127.0.0.1:8233', namespace: 'farm', pid: process.pid });
  await look(address).finally(() => server.close());
}

describe("the engine's address", () => {
  const named = { temporalAddress: 'named.example:7233' };

  test("is what Temporal's environment says, over temporal_address", async () => {
    expect(await optionsOf({ TEMPORAL_ADDRESS: 'env.example:7233' }, named)).toMatchObject({
      address: 'env.example:7233',
    });
  });

  test("is what Temporal's profile says, over temporal_address", async () => {
    const env = await aProfileFile('[profile.default]\naddress = "profile.example:7233"');
    expect(await optionsOf(env, named)).toMatchObject({ address: 'profile.example:7233' });
  });

  test('is temporal_address, over an engine that runs here', async () => {
    await withAnEngineHere(async () =>
      expect(await optionsOf({}, named)).toMatchObject({ address: 'named.example:7233' }),
    );
  });

  test('is that of the engine in data_folder, when nothing else names one', async () => {
    await withAnEngineHere(async (address) => expect(await optionsOf()).toMatchObject({ address }));
  });

  test('is 127.0.0.1:7233 when there is none', async () => {
    expect(await optionsOf()).toEqual({ address: '127.0.0.1:7233', namespace: 'farm' });
  });
});

test("the namespace of Temporal's environment wins over temporal_namespace", async () => {
  expect(await optionsOf({ TEMPORAL_NAMESPACE: 'studio' })).toMatchObject({ namespace: 'studio' });
});

test.each([
  ['is on with an API key', {}, true],
  ['is off when Temporal is told so, API key or not', { TEMPORAL_TLS: 'false' }, false],
])('TLS %s', async (_how, env, tls) => {
  expect(await optionsOf({ TEMPORAL_API_KEY: 'key', ...env })).toMatchObject({ apiKey: 'key', tls });
});

test('metadata of a profile goes along with every call', async () => {
  const env = await aProfileFile('[profile.default.grpc_meta]\nfarm_id = "seven"');
  expect(await optionsOf(env)).toMatchObject({ metadata: { 'farm-id': 'seven' } });
});

test('a broken profile file is an error that does not show its lines', async () => {
  const env = await aProfileFile('[profile.default]\napi_key = "secret-key');
  const failure = await optionsOf(env).catch(
    (error: Error) => `${error.message} ${error.stack} ${String(error.cause)}`,
  );
  expect(failure).toContain("Temporal's own settings");
  expect(failure).not.toContain('secret-key');
});

test('a profile that does not exist is an error that names it', async () => {
  await expect(optionsOf({ TEMPORAL_PROFILE: 'studio' })).rejects.toThrow("Profile 'studio' not found");
});
