import { Counter, Gauge, Histogram, Registry } from 'prom-client';

import { createQueueMetrics } from './queue-metrics.ts';

/** From a duplicate recognised at once to an intake that waited for the engine. */
const INTAKE_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** A busy farm's gap is milliseconds; an idle one's is hours and says nothing. */
const GAP_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300];

export type Metrics = ReturnType<typeof createMetrics>;

/** The counters of one process, under the names that dashboards and alarms rely on. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    /** What waits for GPUs, by queue. */
    queues: createQueueMetrics(registry),
    messagesReceived: new Counter({
      name: 'dqm_messages_received_total',
      help: 'Messages received from a broker.',
      labelNames: ['queue'],
      registers,
    }),
    messagesSettled: new Counter({
      name: 'dqm_messages_settled_total',
      help: 'Messages settled: started, duplicate, rejected or unavailable.',
      labelNames: ['queue', 'outcome'],
      registers,
    }),
    intakeSeconds: new Histogram({
      name: 'dqm_intake_seconds',
      help: 'Seconds from a message received to its job durable and the message acknowledged.',
      labelNames: ['queue'],
      buckets: INTAKE_SECONDS,
      registers,
    }),
    gpuSeconds: new Counter({
      name: 'dqm_gpu_seconds_total',
      help: 'Seconds that commands spent on the GPU, failed attempts included.',
      labelNames: ['queue', 'command', 'outcome'],
      registers,
    }),
    gpuGapSeconds: new Histogram({
      name: 'dqm_gpu_gap_seconds',
      help: 'Seconds a GPU was idle between two commands.',
      labelNames: ['host'],
      buckets: GAP_SECONDS,
      registers,
    }),
    storeWait: new Gauge({
      name: 'dqm_gpus_waiting_for_store',
      help: 'Free GPUs of this host that wait because as many results as allowed are on their way to the store.',
      labelNames: ['host'],
      registers,
    }),
    commands: new Counter({
      name: 'dqm_commands_total',
      help: 'Attempts of commands by how they ended.',
      labelNames: ['command', 'outcome'],
      registers,
    }),
    tasks: new Counter({
      name: 'dqm_tasks_total',
      help: 'Attempts of completion tasks by how they ended.',
      labelNames: ['task', 'outcome'],
      registers,
    }),
    hostReady: new Gauge({
      name: 'dqm_host_ready',
      help: 'RealityServers of this host that answer.',
      labelNames: ['host'],
      registers,
    }),
  };
}
