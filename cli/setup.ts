import { HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

import type { Connection } from '@temporalio/client';

import { checkAmqpQueue } from '../bridges/amqp/connection.ts';
import { completionRefusal } from '../bridges/sqs/completion.ts';
import { createS3, createSqs } from '../lib/aws.ts';
import type { QueueConfig, SqsQueueConfig } from '../lib/config/config.ts';
import { keptDays, prepareNamespace, type PrepareOptions } from '../lib/engine/prepare.ts';
import { errorText, type Log } from '../lib/log.ts';
import { s3ErrorText } from '../lib/results/s3-errors.ts';
import { createResultStore } from '../lib/results/open-store.ts';
import { connectClient, connectionOptions, namesEngine } from '../lib/temporal.ts';

import type { Context } from './context.ts';
import { EXIT_FAILED } from './exit.ts';
import { jsonLine } from './output/output.ts';
import { missingBrokerTarget } from './setup/broker-target.ts';
import { engineWarnings } from './setup/engine-warnings.ts';
import { ownDiskRefusal } from './setup/own-disk.ts';
import { forgottenTooSoon } from './setup/retention.ts';

/** One thing that `dqm setup` has looked at. */
interface Finding {
  check: string;
  state: 'ok' | 'changed' | 'warning' | 'failed' | 'skipped';
  detail: string;
}

/** `dqm setup`: prepares the engine and looks at everything the configuration names. Exit code 1 when something is amiss. */
export async function setup(context: Context): Promise<void> {
  const { config, output, log } = context;
  const s3 = createS3(config.aws);
  const sqs = createSqs(config.aws);
  const findings: Finding[] = [];
  const found = (finding: Finding): void => {
    findings.push(finding);
    if (output.json) output.write(jsonLine(finding));
    else output.write(`${finding.state.padEnd(8)} ${finding.check}: ${finding.detail}\n`);
  };
  try {
    const engine = await lookAtEngine(context);
    found(engine.finding);
    for (const detail of engine.warnings) found({ check: engine.finding.check, state: 'warning', detail });
    for (const queue of config.queues.values()) {
      const check = `queue ${queue.name}`;
      found(await looked(check, () => queueAnswer(queue, sqs)));
      // What cannot be looked at was told before.
      const detail = await queueWarning(queue, engine.keptDays, { sqs, log }).catch(() => undefined);
      if (detail !== undefined) found({ check, state: 'warning', detail });
    }
    found(await looked('result store', () => storeAnswer(context, s3)));
    if (engine.ownDisk !== undefined) found({ check: 'result store', state: 'failed', detail: engine.ownDisk });
    for (const bucket of config.dqm.allowBuckets)
      found(await looked(`bucket ${bucket}`, () => bucketAnswer(s3, bucket)));
  } finally {
    s3.destroy();
    sqs.destroy();
  }
  if (findings.some(({ state }) => state === 'failed')) process.exitCode = EXIT_FAILED;
}

interface EngineAnswer {
  finding: Finding;
  /** What it cannot do. */
  warnings: readonly string[];
  /** How long it keeps jobs that have ended; undefined where it cannot be asked. */
  keptDays?: number;
  /** Why its job workers cannot read this host's results. */
  ownDisk?: string;
}

async function lookAtEngine({ config, env, log }: Context): Promise<EngineAnswer> {
  const temporal = await connectionOptions(config, env);
  const check = `engine at ${temporal.address}`;
  try {
    const { client, connection, close } = await connectClient(temporal);
    try {
      const finding = await prepared(connection, { namespace: temporal.namespace, log }, check);
      const days = await keptDays(connection, temporal.namespace).catch(() => undefined);
      const ownDisk = await ownDiskRefusal(config, client).catch(() => undefined);
      // What cannot be asked of an engine that is not prepared was told with that.
      const warnings = finding.state === 'failed' ? [] : await engineWarnings(client);
      return {
        finding,
        warnings,
        ...(days !== undefined && { keptDays: days }),
        ...(ownDisk !== undefined && { ownDisk }),
      };
    } finally {
      await close();
    }
  } catch (error) {
    // Without an address of its own, the file asks for the engine that `dqm up` starts and prepares.
    if (!namesEngine(config, env))
      return {
        finding: { check, state: 'skipped', detail: 'not running; dqm up starts and prepares one' },
        warnings: [],
      };
    return { finding: { check, state: 'failed', detail: errorText(error) }, warnings: [] };
  }
}

async function prepared(connection: Connection, options: PrepareOptions, check: string): Promise<Finding> {
  try {
    const changes = await prepareNamespace(connection, options);
    if (changes.length > 0) return { check, state: 'changed', detail: changes.join('; ') };
    return { check, state: 'ok', detail: `namespace ${options.namespace} is prepared` };
  } catch (error) {
    return { check, state: 'failed', detail: errorText(error) };
  }
}

/** What works, and will surprise. `keptDays`: how long the engine keeps jobs that have ended, where it is known. */
function queueWarning(
  queue: QueueConfig,
  keptDays: number | undefined,
  deps: { sqs: SQSClient; log: Log },
): Promise<string | undefined> {
  if (queue.kind === 'sqs' && keptDays !== undefined) return forgottenTooSoon(queue, keptDays, deps);
  if (queue.kind === 'amqp' && queue.deadLetter?.kind === 'broker') return missingBrokerTarget(queue);
  return Promise.resolve(undefined);
}

async function looked(check: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { check, state: 'ok', detail: await look() };
  } catch (error) {
    return { check, state: 'failed', detail: errorText(error) };
  }
}

async function queueAnswer(queue: QueueConfig, sqs: SQSClient): Promise<string> {
  switch (queue.kind) {
    case 'sqs':
      return sqsAnswer(queue, sqs).catch((error: unknown) => {
        throw new Error(`${queue.url}: ${errorText(error)}`, { cause: error });
      });
    case 'amqp':
      return checkAmqpQueue(queue);
    case 'direct':
      return 'no broker, jobs are started directly';
    default:
      return queue satisfies never;
  }
}

async function sqsAnswer(queue: SqsQueueConfig, sqs: SQSClient): Promise<string> {
  const refusal = await completionRefusal(sqs, queue);
  if (refusal !== undefined) throw new Error(refusal);
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queue.url,
      AttributeNames: ['ApproximateNumberOfMessages', 'RedrivePolicy'],
    }),
  );
  const hasTarget = queue.deadLetterUrl !== undefined || Attributes['RedrivePolicy'] !== undefined;
  const target = hasTarget
    ? 'has a dead-letter queue'
    : 'no dead-letter queue: rejected messages are held in workflows';
  return `SQS, ${Attributes['ApproximateNumberOfMessages'] ?? '?'} messages, ${target}`;
}

async function storeAnswer({ config }: Context, s3: S3Client): Promise<string> {
  const { resultStore } = config.dqm;
  if (resultStore.kind === 's3') await bucketAnswer(s3, resultStore.bucket);
  await createResultStore(resultStore, { s3 }).find('setup/nothing', AbortSignal.timeout(10_000));
  return resultStore.kind === 's3' ? `s3://${resultStore.bucket}/${resultStore.prefix}` : resultStore.root;
}

async function bucketAnswer(s3: S3Client, bucket: string): Promise<string> {
  try {
    await s3.send(new HeadBucketCommand({ Bucket: bucket }));
    return 'is there';
  } catch (error) {
    throw new Error(`bucket ${bucket}: ${s3ErrorText(error)}`, { cause: error });
  }
}
