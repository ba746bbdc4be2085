import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';
import { DqmGpuSeconds, DqmQueue } from '../../lib/contract/search-attributes.ts';
import { runningEngine } from '../../lib/engine/address-file.ts';
import { startEmbeddedEngine, type EmbeddedEngineOptions, type Engine } from '../../lib/engine/embedded.ts';
import { indexedType, prepareNamespace } from '../../lib/engine/prepare.ts';
import { accepts, freePort } from '../../lib/servers/ports.ts';
import { servers } from '../support/servers.ts';
import { aRefusingEngine } from '../support/servers-refusing.ts';
import { silentLog } from '../support/silent-log.ts';

const DAY_MS = 86_400_000;

let dataFolder: string;
const engines: Engine[] = [];
const connections: Connection[] = [];
beforeEach(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'dqm-engine-'));
});
afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.close();
  for (const engine of engines.splice(0)) await engine.stop();
  await rm(dataFolder, { recursive: true });
});

async function start(options: Partial<EmbeddedEngineOptions> = {}): Promise<Engine> {
  const binary = servers().enginePath;
  const defaults = { binary, dataFolder, env: process.env, port: 0, uiPort: 0, namespace: 'default', log: silentLog };
  const engine = await startEmbeddedEngine({ ...defaults, ...options });
  engines.push(engine);
  return engine;
}

async function connect(address: string): Promise<Connection> {
  const connection = await Connection.connect({ address, connectTimeout: '1 minute' });
  connections.push(connection);
  return connection;
}

async function retentionDays(connection: Connection, namespace: string): Promise<number> {
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  return tsToMs(config?.workflowExecutionRetentionTtl) / DAY_MS;
}

const prepare = (connection: Connection, namespace: string): Promise<string[]> =>
  prepareNamespace(connection, { namespace, log: silentLog });

describe('the embedded engine', () => {
  test('takes our search attributes at once, keeps closed jobs for 30 days and shows them in its UI', async () => {
    const { address, uiUrl, namespace } = await start({ namespace: 'farm' });
    const connection = await connect(address);
    const client = new Client({ connection, namespace });
    const typedSearchAttributes = new TypedSearchAttributes([
      { key: DqmQueue, value: 'chairs' },
      { key: DqmGpuSeconds, value: 1.5 },
    ]);
    const { workflowId } = await client.workflow.start('job', {
      taskQueue: 'none',
      workflowId: 'a',
      typedSearchAttributes,
    });
    const { searchAttributes } = await client.workflow.getHandle(workflowId).describe();
    expect(searchAttributes).toMatchObject({ DqmQueue: ['chairs'], DqmGpuSeconds: [1.5] });
    expect(await retentionDays(connection, namespace)).toBe(30);
    expect((await fetch(uiUrl)).headers.get('content-type')).toContain('text/html');
  });

  test('keeps its jobs from one run to the next, on a database with a write-ahead log', async () => {
    const first = await start();
    const before = new Client({ connection: await connect(first.address) });
    const { workflowId, firstExecutionRunId } = await before.workflow.start('job', {
      taskQueue: 'none',
      workflowId: 'a',
    });
    expect((await stat(join(dataFolder, 'engine.db-wal'))).size).toBeGreaterThan(0);
    await first.stop();

    const second = await start();
    const after = new Client({ connection: await connect(second.address) });
    expect((await after.workflow.getHandle(workflowId).describe()).runId).toBe(firstExecutionRunId);
  });

  test('leaves its address in the data folder as long as it runs', async () => {
    const { address, uiUrl, stop } = await start();
    expect(await runningEngine(dataFolder)).toMatchObject({ address, uiUrl, namespace: 'default' });
    await stop();
    await expect(readFile(join(dataFolder, 'engine.json'))).rejects.toThrow('ENOENT');
    expect(await accepts(address)).toBe(false);
  });

  test('is the only one of a data folder', async () => {
    const { address } = await start();
    await expect(start()).rejects.toThrow(`an engine at ${address}`);
  });

  test.each(['port', 'uiPort'] as const)('says who has the %s that was asked for', async (name) => {
    const { address } = await start();
    const port = Number(address.split(':')[1]);
    const another = start({ dataFolder: join(dataFolder, 'another'), [name]: port });
    await expect(another).rejects.toThrow(new RegExp(`port ${port} is taken by .*(temporal|lsof)`));
  });

  test('takes the port that was asked for', async () => {
    const port = await freePort();
    expect((await start({ port })).address).toBe(`127.0.0.1:${port}`);
  });

  test('uses the settings of its file: one partition for a task queue', async () => {
    const connection = await connect((await start()).address);
    const { workflowTaskQueuePartitions } = await connection.workflowService.listTaskQueuePartitions({
      namespace: 'default',
      taskQueue: { name: 'dqm-jobs' },
    });
    expect(workflowTaskQueuePartitions).toHaveLength(1);
  });

  test('that cannot start says what it printed', async () => {
    await expect(start({ binary: '/bin/false' })).rejects.toThrow('/bin/false ended by itself (exit code 1)');
  });
});

describe('preparing a namespace', () => {
  test('makes what is missing, says so, and the second time finds nothing to do', async () => {
    const connection = await connect(servers().temporalAddress);
    const namespace = `prepare-${randomUUID()}`;
    expect(await prepare(connection, namespace)).toEqual([
      `namespace ${namespace} created, closed jobs are kept for 30 days`,
      'search attributes added: DqmQueue, DqmState, DqmTenant, DqmMessageId, DqmHost, DqmError, DqmGpuSeconds',
    ]);
    expect(await prepare(connection, namespace)).toEqual([]);
    expect(await retentionDays(connection, namespace)).toBe(30);
  });

  test.each([
    [3, 30, ['closed jobs are kept for 30 days instead of 3']],
    [90, 90, []],
  ])('a retention of %i days becomes %i', async (before, after, said) => {
    const connection = await connect(servers().temporalAddress);
    const namespace = `prepare-${randomUUID()}`;
    const workflowExecutionRetentionPeriod = msToTs(before * DAY_MS);
    await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
    expect(await prepare(connection, namespace)).toEqual([...said, expect.stringContaining('search attributes added')]);
    expect(await retentionDays(connection, namespace)).toBe(after);
  });

  test('an attribute of our name and another type is named', async () => {
    const connection = await connect(servers().temporalAddress);
    const namespace = `prepare-${randomUUID()}`;
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs(30 * DAY_MS),
    });
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: { DqmGpuSeconds: indexedType('KEYWORD') },
    });
    await expect(prepare(connection, namespace)).rejects.toThrow('DqmGpuSeconds');
  });

  test('without the right to do so, says what somebody else must do', async () => {
    const { address, close } = await aRefusingEngine(7, 'not for you');
    const connection = Connection.lazy({ address });
    connections.push(connection);
    await expect(prepare(connection, 'farm')).rejects.toThrow(
      /^these credentials may not look at the namespace farm.*not for you/,
    );
    close();
  });
});
