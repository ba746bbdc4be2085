import { visibilityQuery } from '../lib/jobs/query.ts';
import { jobRow } from '../lib/jobs/row.ts';

import { openContext } from './context.ts';
import { withClient } from './with-client.ts';

/** More are no help to who looks for one by its first letters. */
const NEWEST = 200;

/** Remembers the ids of the newest jobs, whoever submitted them. Rejects when the engine does not answer. */
export async function refreshIds(config: string): Promise<void> {
  await withClient(openContext({ config }), async ({ client, uiUrl, namespace, remember }) => {
    const ids: string[] = [];
    for await (const info of client.workflow.list({ query: visibilityQuery({}), pageSize: NEWEST })) {
      const { job_id, workflow_id } = jobRow(info, { uiUrl, namespace });
      if (ids.push(job_id ?? workflow_id) >= NEWEST) break;
    }
    remember(ids);
  });
}
