import type { Client } from '@temporalio/client';

import { createAllowance, type Allowance } from '../../bridges/allowance/allowance.ts';
import type { BridgeDeps, BridgeMetrics } from '../../bridges/bridge.ts';
import { createWatchEndings } from '../../bridges/endings.ts';
import { brokerDepth } from '../../bridges/broker-depth.ts';
import { createFarm } from '../../bridges/allowance/farm.ts';
import { createHoldRejected } from '../../bridges/dead-letters/hold-rejected.ts';
import { createReportRejected } from '../../bridges/dead-letters/report-rejected.ts';
import { createSqs } from '../../lib/aws.ts';
import { systemClock } from '../../lib/clock.ts';
import type { QueueConfig } from '../../lib/config/config.ts';
import type { Log } from '../../lib/log.ts';
import type { Metrics } from '../../lib/metrics.ts';
import { connectClient } from '../../lib/temporal.ts';
import { queueNamed } from '../queue-named.ts';

import { openDeadLetters } from './dead-letters.ts';
import { intakeOf } from './intake.ts';
import type { Shared } from './shared.ts';
import { startBridge } from './start-bridge.ts';

/** A scrape does not wait longer for a broker. */
const BROKER_LIMIT_MS = 3_000;

/** Turns messages of these queues into workflows. */
export async function openBridges(shared: Shared, names: readonly string[]): Promise<void> {
  const { config, temporal, opened, log } = shared;
  const { client, close } = await connectClient(temporal, { log, signal: opened.signal });
  opened.closes(close);
  const { intake, bodies } = intakeOf({ ...shared, client });
  const holdRejected = createHoldRejected({ client, bodies });
  const reportRejected = createReportRejected({ client, windowMs: config.dqm.taskRetryWindowMs });
  const watchEndings = createWatchEndings({ client, log });
  const queues = names.map((name) => queueNamed(config, name));
  await openDeadLetters(shared, queues);
  const sqs = createSqs(config.aws);
  opened.closes(() => sqs.destroy());
  for (const queue of queues) {
    const onReady = shared.readiness.part(`bridge of ${queue.name}`);
    const deps: BridgeDeps = {
      intake,
      allowance: allowanceOf(queue, client, log),
      holdRejected,
      ...(config.dqm.failureWebhook !== undefined && { reportRejected }),
      watchEndings,
      metrics: bridgeMetrics(shared.metrics),
      log,
      drainTimeoutMs: config.dqm.drainTimeoutMs,
      onReady,
    };
    const bridge = startBridge(queue, config, deps, opened);
    shared.metrics.queues.add({
      name: queue.name,
      client,
      inBroker: () => brokerDepth(queue, sqs, AbortSignal.timeout(BROKER_LIMIT_MS)),
    });
    if (bridge) opened.runs(bridge);
    else onReady(true);
  }
}

/** What waits inside the engine is bounded by the queue's `max_waiting_jobs`. */
function allowanceOf(queue: QueueConfig, client: Client, log: Log): Allowance {
  const { name } = queue;
  const maxWaitingJobs = queue.kind === 'direct' ? 'unlimited' : queue.maxWaitingJobs;
  if (queue.kind !== 'direct') log.info('Jobs of the queue that may wait for a GPU', { queue: name, maxWaitingJobs });
  return createAllowance({ queue: name, maxWaitingJobs, farm: createFarm(client, name), clock: systemClock, log });
}

const bridgeMetrics = (metrics: Metrics): BridgeMetrics => ({
  received: (queue) => metrics.messagesReceived.inc({ queue }),
  settled: (queue, outcome) => metrics.messagesSettled.inc({ queue, outcome }),
  intake: (queue, seconds) => metrics.intakeSeconds.observe({ queue }, seconds),
});
