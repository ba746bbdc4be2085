import { EventEmitter } from 'node:events';

import type { Client } from '@temporalio/client';

import { createS3 } from '../../lib/aws.ts';
import { watchEngine } from '../../lib/engine-watch.ts';
import { startHealthServer } from '../../lib/health-server.ts';
import type { Log } from '../../lib/log.ts';
import { createMetrics, type Metrics } from '../../lib/metrics.ts';
import { createResultStore } from '../../lib/results/open-store.ts';
import type { ResultStore } from '../../lib/results/store.ts';
import type { MisfitEvents, ReadSdkMetrics } from '../../lib/runtime.ts';
import { connectionOptions, type TemporalOptions } from '../../lib/temporal.ts';
import type { Context } from '../context.ts';
import type { Opened } from '../process.ts';
import { createReadiness, type Readiness } from '../readiness.ts';

/** What every long-running part is built on, once in a process. */
export interface Shared extends Context {
  opened: Opened;
  temporal: TemporalOptions;
  store: ResultStore;
  metrics: Metrics;
  readiness: Readiness;
  /** Of the job worker of this process. */
  misfits: EventEmitter<MisfitEvents>;
  /** On the connection of the job worker, where this process has one. */
  besideWorker?: Client;
}

/** Reaches nothing yet: each part waits for what it needs. `withWorkers`: whether this process runs any of Temporal's. */
export async function openShared(
  context: Context,
  opened: Opened,
  { withWorkers }: { withWorkers: boolean } = { withWorkers: true },
): Promise<Shared> {
  const { config, env, log } = context;
  const misfits = new EventEmitter<MisfitEvents>();
  const readSdkMetrics = withWorkers ? await installWorkerRuntime(log, misfits) : async () => '';
  const s3 = createS3(config.aws);
  opened.closes(() => s3.destroy());
  const metrics = createMetrics();
  const readiness = createReadiness();
  const { registry } = metrics;
  const health = await startHealthServer({
    address: config.dqm.metricsAddress,
    readMetrics: async () => `${await registry.metrics()}\n${await readSdkMetrics()}`,
    contentType: registry.contentType,
    notReady: readiness.notReady,
    log,
  });
  opened.closes(() => health.close());
  log.info('Metrics and health', { address: health.address });
  const temporal = await connectionOptions(config, env);
  const watching = new AbortController();
  const watched = watchEngine(temporal, readiness.part(`Temporal engine at ${temporal.address}`), watching.signal);
  opened.closes(async () => {
    watching.abort();
    await watched;
  });
  return {
    ...context,
    opened,
    temporal,
    store: createResultStore(config.dqm.resultStore, { s3 }),
    metrics,
    readiness,
    misfits,
  };
}

/** Loaded only here: Temporal's native part takes longer to start, and more memory, than all else of the gateway. */
const installWorkerRuntime = async (log: Log, misfits: EventEmitter<MisfitEvents>): Promise<ReadSdkMetrics> =>
  (await import('../../lib/runtime.ts')).installRuntime(log, misfits);
