import { findJob } from '../lib/jobs/find.ts';
import { readJob } from '../lib/jobs/show.ts';

import { jobPage } from './output/job-page.ts';
import { jsonLine } from './output/output.ts';
import type { ClientDeps } from './with-client.ts';

/** `dqm job ID`: a workflow id, or its identity part when that is unambiguous. */
export async function job(id: string, _options: unknown, deps: ClientDeps): Promise<void> {
  const { client, queues, uiUrl, namespace, output, now } = deps;
  const workflowId = await findJob(client, id, queues);
  const details = await readJob(client, workflowId, { uiUrl, namespace });
  output.write(output.json ? jsonLine(details.job) : jobPage(details, output, now));
}
