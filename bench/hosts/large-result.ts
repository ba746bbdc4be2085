import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { startReceiver } from '../../cli/demo/receiver.ts';
import { runProcess, type Opened } from '../../cli/process.ts';
import { silenceAwsNotice } from '../../lib/config/environment.ts';
import { createLog } from '../../lib/log.ts';
import { memoryDuring } from '../process-figures.ts';

import { BUCKET, openStage, type Job } from './stage.ts';

/**
 * Memory of a GPU worker and of a job worker, at rest and while one large result passes, with results in a folder and in
 * S3: `npm run bench:memory -- --gigabytes 2`.
 */
const { values } = parseArgs({ options: { gigabytes: { type: 'string', default: '1' } } });
const gigabytes = Number(values.gigabytes);
if (!(gigabytes > 0)) throw new Error('--gigabytes takes a number over 0');
const SMALL_BYTES = 1_000_000;
/** What a start leaves behind is collected by then. */
const REST_MS = 10_000;

silenceAwsNotice();
const log = createLog({ level: 'warn' });
const results: Awaited<ReturnType<typeof measure>>[] = [];
for (const store of ['file', 's3'] as const) {
  await runProcess(log, async (opened) => {
    results.push(await measure(store, opened));
    opened.runs({ done: Promise.resolve(), stop: () => undefined });
  });
}
process.stdout.write(table());
await writeFile(join(process.cwd(), 'bench/hosts/large-result.json'), `${JSON.stringify(results, undefined, 2)}\n`);
process.exit();

async function measure(store: 'file' | 's3', opened: Opened) {
  const folder = await mkdtemp(join(tmpdir(), 'dqm-bench-'));
  opened.closes(() => rm(folder, { recursive: true, force: true }));
  const stage = await openStage({
    folder,
    log,
    opened,
    ...(store === 's3' && { resultStore: `s3://${BUCKET}/results` }),
  });
  const receiver = await startReceiver();
  opened.closes(() => receiver.close());
  const [jobs, gpu] = await Promise.all([stage.startJobWorker(), (await stage.host('gpu-01')).start()]);
  const run = async (bytes: number): Promise<void> => {
    const id = await stage.submit(jobOf(bytes, receiver.url));
    await stage.client.workflow.getHandle(id).result();
  };
  await run(SMALL_BYTES);
  await delay(REST_MS);
  const began = performance.now();
  const bytes = gigabytes * 1_000_000_000;
  let job = { beforeMb: 0, mostMb: 0 };
  const host = await memoryDuring(gpu.pid, async () => {
    job = await memoryDuring(jobs.pid, () => run(bytes));
  });
  const seconds = Math.round((performance.now() - began) / 1_000);
  const arrived = receiver.received.some((post) => post.bytes === bytes);
  if (!arrived) throw new Error('the web server has not got all of it');
  return { store, gigabytes, seconds, gpuWorker: host, jobWorker: job };
}

function jobOf(bytes: number, url: string): Job {
  const tasks = [
    { name: 's3_upload', config: { bucket: BUCKET, key: '${message_id}' } },
    { name: 'http_post', config: { postback_uri: `${url}\${message_id}` } },
  ];
  return { command: 'big_result', parameters: { bytes }, tasks };
}

/** Markdown. */
function table(): string {
  const rows = results.flatMap(({ store, seconds, gpuWorker, jobWorker }) =>
    Object.entries({ 'GPU worker': gpuWorker, 'job worker': jobWorker }).map(
      ([name, { beforeMb, mostMb }]) =>
        `| ${name} | ${store} | ${beforeMb} | ${mostMb} | + ${mostMb - beforeMb} | ${seconds} |\n`,
    ),
  );
  const title = `| ${gigabytes} GB | result store | at rest, MiB | at most, MiB | | job, s |\n`;
  return `${title}| --- | --- | --- | --- | --- | --- |\n${rows.join('')}`;
}
