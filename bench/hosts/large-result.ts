import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { startReceiver } from '../../cli/demo/receiver.ts';
import { createLog } from '../../lib/log.ts';
import { memoryDuring } from '../process-figures.ts';
import { runBench, type Bench } from '../run-bench.ts';

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

await runBench({
  log: createLog({ level: 'warn' }),
  file: 'hosts/large-result.json',
  open: async (bench) => {
    const measures = [await openStore('file', bench), await openStore('s3', bench)];
    return async () => {
      const results: Figures[] = [];
      for (const measure of measures) results.push(await measure());
      return results;
    };
  },
  table,
});

interface Figures {
  store: 'file' | 's3';
  gigabytes: number;
  seconds: number;
  gpuWorker: { beforeMb: number; mostMb: number };
  jobWorker: { beforeMb: number; mostMb: number };
}

/** A farm of its own for each kind of store. */
async function openStore(store: 'file' | 's3', bench: Bench): Promise<() => Promise<Figures>> {
  const folder = join(bench.folder, store);
  await mkdir(folder);
  const stage = await openStage({ ...bench, folder, ...(store === 's3' && { resultStore: `s3://${BUCKET}/results` }) });
  const receiver = await startReceiver();
  bench.opened.closes(() => receiver.close());
  const [jobs, gpu] = await Promise.all([stage.startJobWorker(), (await stage.host('gpu-01')).start()]);
  const run = async (bytes: number): Promise<void> => {
    const id = await stage.submit(jobOf(bytes, receiver.url));
    await stage.client.workflow.getHandle(id).result();
  };
  return async () => {
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
  };
}

function jobOf(bytes: number, url: string): Job {
  const tasks = [
    { name: 's3_upload', config: { bucket: BUCKET, key: '${message_id}' } },
    { name: 'http_post', config: { postback_uri: `${url}\${message_id}` } },
  ];
  return { command: 'big_result', parameters: { bytes }, tasks };
}

/** Markdown. */
function table(results: readonly Figures[]): string {
  const rows = results.flatMap(({ store, seconds, gpuWorker, jobWorker }) =>
    Object.entries({ 'GPU worker': gpuWorker, 'job worker': jobWorker }).map(
      ([name, { beforeMb, mostMb }]) =>
        `| ${name} | ${store} | ${beforeMb} | ${mostMb} | + ${mostMb - beforeMb} | ${seconds} |\n`,
    ),
  );
  const title = `| ${gigabytes} GB | result store | at rest, MiB | at most, MiB | | job, s |\n`;
  return `${title}| --- | --- | --- | --- | --- | --- |\n${rows.join('')}`;
}
