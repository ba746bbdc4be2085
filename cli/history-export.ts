import { writeFile } from 'node:fs/promises';

import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

import { findJob } from '../lib/jobs/find.ts';

import type { ClientDeps } from './with-client.ts';

export interface HistoryExportOptions {
  /** `-` or absent: standard output. */
  output?: string;
}

/** `dqm history export ID`: what the engine knows of a job's last run, as `dqm check --replay` and Temporal's tools read it. */
export async function historyExport(
  id: string,
  { output: file = '-' }: HistoryExportOptions,
  { client, queues, output }: ClientDeps,
): Promise<void> {
  const workflowId = await findJob(client, id, queues);
  const text = historyToJSON(await client.workflow.getHandle(workflowId).fetchHistory());
  if (file === '-') output.write(`${JSON.stringify(JSON.parse(text))}\n`);
  else await writeFile(file, `${text}\n`);
}
