import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';

import type { Payload, PayloadCodec } from '@temporalio/common';

import { openContext } from '../../cli/context.ts';
import { openGpuWorkers } from '../../cli/parts/gpu-workers.ts';
import { intakeOf } from '../../cli/parts/intake.ts';
import { openJobWorker } from '../../cli/parts/job-worker.ts';
import type { Shared } from '../../cli/parts/shared.ts';
import { createReadiness } from '../../cli/readiness.ts';
import { showJob } from '../../lib/jobs/show.ts';
import { createMetrics } from '../../lib/metrics.ts';
import { createResultStore } from '../../lib/results/open-store.ts';
import type { Running } from '../../lib/run.ts';
import { connectClient, type TemporalOptions } from '../../lib/temporal.ts';
import { aCertificate } from '../support/a-certificate.ts';
import { aFarm, type Farm } from '../support/a-farm.ts';
import { servers } from '../support/servers.ts';
import { silentLog } from '../support/silent-log.ts';

/** Nobody who reads the history can read the job: each byte of a payload is turned over. */
const scrambler: PayloadCodec = {
  encode: (payloads) =>
    Promise.resolve(
      payloads.map((payload) => ({
        metadata: { encoding: Buffer.from('binary/turned') },
        data: turned(protoOf(payload)),
      })),
    ),
  decode: (payloads) => Promise.resolve(payloads.map(({ data }) => payloadOf(turned(data ?? new Uint8Array())))),
};
const turned = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0xff);
const protoOf = ({ metadata, data }: Payload): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      metadata: Object.fromEntries(
        Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
      ),
      data: Buffer.from(data ?? []).toString('base64'),
    }),
  );
const payloadOf = (bytes: Uint8Array): Payload => {
  const { metadata, data } = JSON.parse(Buffer.from(bytes).toString()) as {
    metadata: Record<string, string>;
    data: string;
  };
  return {
    metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')])),
    data: Buffer.from(data, 'base64'),
  };
};

const { cert, key } = aCertificate();
let farm: Farm;
let proxy: Server;
let temporal: TemporalOptions;

beforeAll(async () => {
  farm = await aFarm();
  const [host, port] = servers().temporalAddress.split(':');
  proxy = createServer({ cert, key, ALPNProtocols: ['h2'] }, (socket) => {
    const engine = connect(Number(port), host);
    socket.on('error', () => engine.destroy()).pipe(engine);
    engine.on('error', () => socket.destroy()).pipe(socket);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  temporal = {
    address: `localhost:${(proxy.address() as AddressInfo).port}`,
    namespace: farm.engine.namespace,
    tls: { serverRootCACertificate: Buffer.from(cert) },
    dataConverter: { payloadCodecs: [scrambler] },
  };
});

afterAll(async () => {
  await farm?.close();
  proxy?.close();
});

test('a job goes its whole way over TLS, with payloads that nobody else can read', async () => {
  const closers: (() => unknown)[] = [];
  const parts: Running[] = [];
  const stopping = new AbortController();
  const context = openContext({ config: farm.config('encrypted.conf') }, silentLog);
  const shared: Shared = {
    ...context,
    temporal,
    store: createResultStore(context.config.dqm.resultStore),
    metrics: createMetrics(),
    readiness: createReadiness(),
    misfits: new EventEmitter(),
    opened: {
      signal: stopping.signal,
      closes: (close) => closers.push(close),
      runs: (part) => parts.push(part),
      needs: () => undefined,
    },
  };
  const besideWorker = await openJobWorker(shared);
  await openGpuWorkers(shared);
  const { client, close } = await connectClient(temporal);
  closers.push(close);
  const { intake } = intakeOf({ ...shared, client, besideWorker });
  const id = randomUUID();
  const tasks = [{ name: 's3_upload', config: { bucket: farm.bucket, key: '${message_id}.${mime_ext}' } }];
  const body = Buffer.from(JSON.stringify({ command: 'echo', parameters: { secret: 'a new chair' }, tasks }));
  const verdict = await intake.judge(
    { queue: 'local', body, messageId: id, attributes: {}, envelope: { transport: 'direct' } },
    stopping.signal,
  );
  expect(verdict).toMatchObject({ outcome: 'started' });
  const workflowId = `job/local/${id}`;
  await client.workflow.getHandle(workflowId).result();

  expect((await farm.object(`${id}.json`)).bytes.toString()).toBe('{"secret":"a new chair"}');
  expect(await showJob(client, workflowId, { uiUrl: null, namespace: temporal.namespace })).toMatchObject({
    state: 'completed',
    tasks: [{ destination: `s3://${farm.bucket}/${id}.json` }],
  });
  const history = await farm.engine.client.workflow.getHandle(workflowId).fetchHistory();
  const bytes = (history.events ?? []).flatMap(
    ({ workflowExecutionStartedEventAttributes: started }) => started?.input?.payloads ?? [],
  );
  expect(bytes).toHaveLength(1);
  expect(Buffer.from(bytes[0]?.data ?? []).toString()).not.toContain('chair');

  for (const part of parts) part.stop();
  await Promise.all(parts.map(({ done }) => done));
  for (const each of closers.toReversed()) await each();
});
