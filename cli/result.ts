import { createWriteStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

import { createS3 } from '../lib/aws.ts';
import type { Config } from '../lib/config/config.ts';
import type { StagedResult } from '../lib/contract/job-input.ts';
import { mimeExtension } from '../lib/contract/mime-extension.ts';
import { findJob } from '../lib/jobs/find.ts';
import { stagedResult } from '../lib/jobs/staged-result.ts';
import { createResultStore } from '../lib/results/open-store.ts';
import type { ResultStore } from '../lib/results/store.ts';

import { UsageError } from './context.ts';
import { jsonLine, type Output } from './output/output.ts';
import { bytesText } from './output/quantities.ts';
import type { ClientDeps } from './with-client.ts';

export interface ResultOptions {
  /** Of a chain: which command, from 0. */
  step?: string;
  /** `-` for standard output; absent: named after the job, in the current folder. */
  output?: string;
}

/** `dqm result ID`: the staged bytes, checked against their sha256. Rejects when they are gone or damaged. */
export async function result(
  id: string,
  options: ResultOptions,
  { client, queues, output }: ClientDeps,
  config: Config,
): Promise<void> {
  const { step } = checkResult(options, output);
  const workflowId = await findJob(client, id, queues);
  const staged = await stagedResult(client, workflowId, step);
  const s3 = createS3(config.aws);
  try {
    const store = createResultStore(config.dqm.resultStore, { s3 });
    if (options.output === '-') return await toStandardOutput(store, staged);
    const file = options.output ?? (await freeName(workflowId, staged, config));
    await toFile(store, staged, file);
    const { uri, sha256, size, mimeType: mime_type } = staged;
    output.write(
      output.json
        ? jsonLine({ workflow_id: workflowId, file, uri, sha256, size, mime_type })
        : `${file}: ${mime_type}, ${bytesText(size)}, sha256 ${sha256}\n`,
    );
  } finally {
    s3.destroy();
  }
}

/** Rejects options that cannot be carried out. */
export function checkResult({ step, output: file }: ResultOptions, { json }: Output): { step: number | undefined } {
  if (file === '-' && json) throw new UsageError('--json and -o - both want standard output');
  return { step: stepOf(step) };
}

function stepOf(text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,6}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new UsageError(`--step ${text}: a whole number from 0 is needed`);
}

/** As long as somebody wants to wait for the bytes. */
const noLimit = new AbortController().signal;

async function toStandardOutput(store: ResultStore, staged: StagedResult): Promise<void> {
  try {
    await pipeline(await store.open(staged, noLimit), process.stdout, { end: false });
  } catch (error) {
    // `dqm result ID -o - | head -c 100` has seen enough.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

/** Under its name only once it is whole. */
async function toFile(store: ResultStore, staged: StagedResult, file: string): Promise<void> {
  const partial = `${file}.part`;
  try {
    await pipeline(await store.open(staged, noLimit), createWriteStream(partial));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function freeName(workflowId: string, { mimeType }: StagedResult, { mimeExtensions }: Config): Promise<string> {
  const identity = workflowId.split('/').slice(2).join('/');
  const file = `${identity.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[-.]+/, '')}.${mimeExtension(mimeType, mimeExtensions)}`;
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) throw new UsageError(`${file} is there already: say where to with -o FILE`);
  return file;
}
