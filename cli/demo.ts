import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { Client } from '@temporalio/client';

import { environment } from '../lib/config/environment.ts';
import type { JobRow } from '../lib/jobs/job-view.ts';
import { listJobs } from '../lib/jobs/list.ts';
import { showJob } from '../lib/jobs/show.ts';
import { createLog } from '../lib/log.ts';
import { connectClient } from '../lib/temporal.ts';

import { openContext } from './context.ts';
import { deadLetters, type DeadLetter } from './demo/dead-letters.ts';
import { demoMessages } from './demo/messages.ts';
import { savePictures } from './demo/pictures.ts';
import { produce, type Sent } from './demo/producer.ts';
import { createProgress, type Progress } from './demo/progress.ts';
import { report } from './demo/report.ts';
import { openStage } from './demo/stage.ts';
import { steer } from './demo/steer.ts';
import { createOutput } from './output/output.ts';
import { openBridges } from './parts/bridges.ts';
import { openGateway } from './parts/gateway.ts';
import { openGpuWorkers } from './parts/gpu-workers.ts';
import { openJobWorker } from './parts/job-worker.ts';
import { openShared } from './parts/shared.ts';
import { runProcess, type Opened } from './process.ts';

export interface DemoOptions {
  keep?: boolean;
  json?: boolean;
}

const FOLDER = 'dqm-demo';
/** As a shell reports Ctrl-C. */
const EXIT_INTERRUPTED = 130;
const LOOK_MS = 250;

/** `dqm demo`: brokers, an engine, two render hosts and ten jobs on this machine; all it leaves lies in `dqm-demo`. */
export async function demo({ keep = false, json = false }: DemoOptions): Promise<void> {
  const env = environment();
  const output = createOutput({ json, env });
  const folder = resolve(FOLDER);
  // What goes wrong on the way; the milestones are in the table.
  const log = createLog({ level: 'error' });
  let isDone = false;
  await runProcess(log, async (opened) => {
    const tell = (text: string): void => (json ? undefined : output.write(text));
    tell('Starting an engine, brokers, S3 and two simulated RealityServers …\n');
    const stage = await openStage(folder, env, opened, log);
    const contexts = stage.configFiles.map((config) => ({ ...openContext({ config }, log), output }));
    const [first] = contexts;
    if (!first) throw new Error('the demo has no render host');
    const shared = await openShared(first, opened);
    const besideWorker = await openJobWorker(shared);
    for (const context of contexts) {
      await openGpuWorkers({ ...shared, ...context });
      await openBridges({ ...shared, ...context, besideWorker }, [context.config.listenQueue ?? '']);
    }
    const gateway = await openGateway(shared, { orNext: true });
    await shared.readiness.untilReady(opened.signal);

    const { client, close } = await connectClient(shared.temporal);
    opened.closes(close);
    const sent = await produce(demoMessages(stage.receiver.url), { ...stage, gateway }, first.config);
    const progress = createProgress(sent, { ...output, write: tell }, process.stdout.isTTY);
    const look = (): Promise<DeadLetter[]> => deadLetters(stage, first.config);
    const { rows, letters } = await untilSettled(client, sent, look, progress.show, opened);
    const ui = { uiUrl: stage.engine.uiUrl, namespace: stage.engine.namespace };
    const jobs = await Promise.all(rows.map(({ workflow_id }) => showJob(client, workflow_id, ui)));
    const page = await savePictures(folder, jobs, sent, first.config);
    // Before the last act, whose deliveries come on top.
    const received = [...stage.receiver.received];
    const { namespace, uiUrl } = ui;
    const told = { ...output, json: false, write: tell };
    const deps = { client, namespace, queues: [...first.config.queues.keys()], uiUrl, output: told };
    await steer({ ...deps, remember: () => undefined, now: Date.now() }, first, stage, opened.signal);
    report({ jobs, letters, sent, page, received, uiUrl, keep }, output);
    if (jobs.some(({ state }) => state !== 'completed')) throw new Error('a job of the demo failed');
    isDone = true;
    if (!keep) opened.runs({ done: Promise.resolve(), stop: () => undefined });
  });
  if (!isDone) process.exitCode = EXIT_INTERRUPTED;
  else if (!json)
    output.write(`Everything lies in ${FOLDER}
`);
}

/** Each message has its ending: a closed job, or a dead letter. */
async function untilSettled(
  client: Client,
  sent: readonly Sent[],
  look: () => Promise<DeadLetter[]>,
  show: Progress['show'],
  { signal }: Opened,
): Promise<{ rows: JobRow[]; letters: DeadLetter[] }> {
  for (;;) {
    const rows = await listJobs(client, { limit: sent.length });
    const letters = await look();
    show(rows, letters);
    const closed = rows.filter(({ ended }) => ended !== null);
    if (closed.length + letters.length >= sent.length) return { rows, letters };
    await delay(LOOK_MS, undefined, { signal });
  }
}
