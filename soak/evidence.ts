import { setTimeout as delay } from 'node:timers/promises';

import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Client } from '@temporalio/client';
import { connect, type Channel } from 'amqplib';

import { workflowIdFor } from '../lib/contract/ids.ts';
import type { JobState } from '../lib/contract/states.ts';
import { listJobs } from '../lib/jobs/list.ts';

import type { Broker, Evidence, SentMessage } from './audit.ts';
import type { Stage } from './stage.ts';

const LOOK_MS = 1_000;
/** What a killed bridge had in hand is hidden in SQS for a minute. */
const SETTLE_LIMIT_MS = 5 * 60_000;
const QUEUES: Record<Broker, string> = { SQS: 'renders', AMQP: 'nightly' };
const EVERY_JOB = 1_000_000;

/** Waits until the brokers' queues are empty and every job has ended, or gives up after five minutes. */
export async function untilSettled(stage: Stage, client: Client): Promise<void> {
  const giveUpAt = Date.now() + SETTLE_LIMIT_MS;
  while (Date.now() < giveUpAt) {
    const { SQS, AMQP } = await waiting(stage);
    const { count } = await client.workflow.count("DqmQueue IS NOT NULL AND ExecutionStatus = 'Running'");
    if (SQS + AMQP + count === 0) return;
    await delay(LOOK_MS);
  }
}

/** To be called when the bridges have ended: what they had not acknowledged is counted with the rest. */
export async function gather(stage: Stage, client: Client, sent: readonly SentMessage[]): Promise<Evidence> {
  return {
    sent,
    unsettled: await waiting(stage),
    jobs: await jobStates(client, sent),
    deadLetters: new Set([...(await sqsDeadLetters(stage)), ...(await amqpDeadLetters(stage))]),
    runs: await commandRuns(stage),
  };
}

async function waiting(stage: Stage): Promise<Record<Broker, number>> {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
  const command = new GetQueueAttributesCommand({ QueueUrl: stage.sqsUrl, AttributeNames: [...names] });
  const { Attributes = {} } = await stage.sqs.send(command);
  const SQS = names.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
  return {
    SQS,
    AMQP: await onChannel(stage, async (channel) => (await channel.checkQueue(stage.amqpQueue)).messageCount),
  };
}

async function jobStates(client: Client, sent: readonly SentMessage[]): Promise<Map<string, JobState>> {
  const rows = await listJobs(client, { limit: EVERY_JOB });
  const states = new Map(rows.map(({ workflow_id, state }) => [workflow_id, state]));
  const jobs = new Map<string, JobState>();
  for (const { broker, jobId } of sent) {
    const state = states.get(workflowIdFor(QUEUES[broker], jobId));
    if (state !== undefined) jobs.set(`${broker} ${jobId}`, state);
  }
  return jobs;
}

async function sqsDeadLetters({ sqs, deadUrl }: { sqs: SQSClient; deadUrl: string }): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: deadUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
    );
    if (Messages.length === 0) return ids;
    for (const { MessageAttributes, ReceiptHandle } of Messages) {
      ids.push(MessageAttributes?.['dqm_message_id']?.StringValue ?? '');
      await sqs.send(new DeleteMessageCommand({ QueueUrl: deadUrl, ReceiptHandle }));
    }
  }
}

const amqpDeadLetters = (stage: Stage): Promise<string[]> =>
  onChannel(stage, async (channel) => {
    const ids: string[] = [];
    for (;;) {
      const message = await channel.get(`${stage.amqpQueue}-dead`, { noAck: true });
      if (!message) return ids;
      ids.push(String(message.properties.headers?.['dqm_message_id']));
    }
  });

async function onChannel<T>({ amqpUrl }: Stage, work: (channel: Channel) => Promise<T>): Promise<T> {
  const connection = await connect(amqpUrl);
  try {
    return await work(await connection.createChannel());
  } finally {
    await connection.close();
  }
}

/** What the simulators saw: a call that lost its connection gave its answer to nobody. */
async function commandRuns({ simulators }: Stage): Promise<Map<string, { whole: number; brokenOff: number }>> {
  const runs = new Map<string, { whole: number; brokenOff: number }>();
  for (const url of Object.values(simulators)) {
    const body = JSON.stringify({ jsonrpc: '2.0', method: 'sim_calls', params: { command: 'echo' }, id: 1 });
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const { result } = (await answer.json()) as { result: { closed: boolean; body: string }[] };
    for (const call of result) {
      const { params } = JSON.parse(call.body) as { params: { broker: Broker; number: number } };
      const key = `${params.broker} ${params.number}`;
      const run = runs.get(key) ?? { whole: 0, brokenOff: 0 };
      run[call.closed ? 'brokenOff' : 'whole'] += 1;
      runs.set(key, run);
    }
  }
  return runs;
}
