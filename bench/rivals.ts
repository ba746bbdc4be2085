import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';

import { openContext } from '../cli/context.ts';
import { startReceiver } from '../cli/demo/receiver.ts';
import { openGpuWorkers } from '../cli/parts/gpu-workers.ts';
import { intakeOf } from '../cli/parts/intake.ts';
import { openJobWorker } from '../cli/parts/job-worker.ts';
import { openShared } from '../cli/parts/shared.ts';
import { createS3 } from '../lib/aws.ts';
import { environment } from '../lib/config/environment.ts';
import { startEmulator } from '../lib/servers/emulator.ts';
import { startSimulatorProcess } from '../lib/servers/simulator.ts';
import { connectClient, connectWorker } from '../lib/temporal.ts';

import { createBareActivities } from './bare-activities.ts';
import { configText } from './config-text.ts';
import type { Rivals } from './measure.ts';
import { openEngine } from './open-engine.ts';
import { RESULT_BYTES } from './result-bytes.ts';
import type { Bench } from './run-bench.ts';

const BUCKET = 'bench';
const QUEUE = 'bench';
const BARE_TASK_QUEUE = 'bare';
/** Both rivals in this process, on one engine with a file database, one simulator, one S3 and one web server. */
export async function openRivals({ folder, log, opened }: Bench): Promise<Rivals> {
  const env = environment();
  const engine = await openEngine(join(folder, 'data'), { log, opened });
  const emulator = await startEmulator({ env });
  opened.needs(emulator);
  const simulator = await startSimulatorProcess({ env });
  opened.needs(simulator);
  const receiver = await startReceiver();
  opened.closes(() => receiver.close());

  const file = join(folder, 'realityserver.conf');
  await writeFile(
    file,
    configText({
      engine: engine.address,
      aws: emulator.endpoint,
      queue: QUEUE,
      commands: ['big_result'],
      lines: [`data_folder ${join(folder, 'data')}`, `realityserver_url ${simulator.url}`],
    }),
  );
  const context = openContext({ config: file }, log);
  const s3 = createS3(context.config.aws);
  opened.closes(() => s3.destroy());
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));

  const shared = await openShared(context, opened);
  const besideWorker = await openJobWorker(shared);
  await openGpuWorkers(shared);
  const { client, close } = await connectClient(shared.temporal);
  opened.closes(close);

  const { intake } = intakeOf({ ...shared, client, besideWorker });
  const body = Buffer.from(message(receiver.url));
  let last = '';
  const connection = await connectWorker(shared.temporal);
  opened.closes(() => connection.close());
  const bareWorker = await Worker.create({
    connection,
    taskQueue: BARE_TASK_QUEUE,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('bare-workflow.js', import.meta.url)),
      logger: new DefaultLogger('WARN'),
    }),
    activities: createBareActivities({
      s3,
      bucket: BUCKET,
      realityServerUrl: simulator.url,
      postbackUrl: receiver.url,
    }),
  });
  opened.runs({ done: bareWorker.run(), stop: () => bareWorker.shutdown() });

  return {
    dqm: {
      run: async () => {
        const messageId = randomUUID();
        const verdict = await intake.judge(
          { queue: QUEUE, body, messageId, attributes: {}, envelope: { transport: 'direct' } },
          opened.signal,
        );
        if (verdict.outcome !== 'started') throw new Error(`the job was not started: ${JSON.stringify(verdict)}`);
        last = verdict.workflowId;
        await client.workflow.getHandle(last).result();
      },
    },
    bare: {
      run: () => client.workflow.execute('bare', { workflowId: `bare-${randomUUID()}`, taskQueue: BARE_TASK_QUEUE }),
    },
    history: async () => {
      const { raw } = await client.workflow.getHandle(last).describe();
      const { historyLength, historySizeBytes } = raw.workflowExecutionInfo ?? {};
      return { events: Number(historyLength), bytes: Number(historySizeBytes) };
    },
  };
}

const message = (postbackUrl: string): string =>
  JSON.stringify({
    command: 'big_result',
    parameters: { bytes: RESULT_BYTES },
    tasks: [
      { name: 's3_upload', config: { bucket: BUCKET, key: '${message_id}.${mime_ext}' } },
      { name: 'http_post', config: { postback_uri: `${postbackUrl}\${message_id}.\${mime_ext}` } },
    ],
  });
