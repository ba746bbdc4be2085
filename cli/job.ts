import { findJob } from '../lib/jobs/find.ts';
import { readJob } from '../lib/jobs/show.ts';

import { watchJob } from './job/watch.ts';
import { jobPage } from './output/job-page.ts';
import { jsonLine } from './output/output.ts';
import type { ClientDeps } from './with-client.ts';

export interface JobOptions {
  watch?: boolean;
}

/** `dqm job ID`: a workflow id, its identity part, or the beginning of either while only one job begins so. */
export async function job(id: string, { watch = false }: JobOptions, deps: ClientDeps): Promise<void> {
  const { client, queues, uiUrl, namespace, output, now } = deps;
  const workflowId = await findJob(client, id, queues);
  if (watch) return watchJob(workflowId, deps);
  const details = await readJob(client, workflowId, { uiUrl, namespace });
  output.write(output.json ? jsonLine(details.job) : jobPage(details, output, now));
}
