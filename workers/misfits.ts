import type { EventEmitter } from 'node:events';

import type { Client } from '@temporalio/client';

import { createDecoder } from '../lib/jobs/decode.ts';
import { misfitIn } from '../lib/jobs/misfit.ts';
import { literal } from '../lib/jobs/query.ts';
import { errorText, type Log } from '../lib/log.ts';
import type { MisfitEvents } from '../lib/runtime.ts';

export interface MisfitsDeps {
  misfits: EventEmitter<MisfitEvents>;
  client: Client;
  log: Log;
}

/** Says which open job a changed chain no longer fits, and at which step: the SDK knows the run alone. Once for each. */
export function tellMisfits({ misfits, client, log }: MisfitsDeps): void {
  const told = new Set<string>();
  // One after the other: a changed chain may meet a thousand open jobs.
  let telling = Promise.resolve();
  misfits.on('found', (runId, reason) => {
    if (told.has(runId)) return;
    told.add(runId);
    telling = telling
      .then(() => tell(runId, reason))
      .catch((error: unknown) => {
        log.warn('An open job waits: its chain has changed; which job could not be asked', {
          runId,
          error: errorText(error),
        });
      });
  });

  async function tell(runId: string, reason: string): Promise<void> {
    const decoder = createDecoder(client);
    for await (const { workflowId } of client.workflow.list({ query: `RunId = ${literal(runId)}` })) {
      const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      const misfit = await misfitIn(events ?? [], reason, (summary) => decoder.value({ payloads: [summary] }));
      const todo = 'start the job workers with a chain that does what this job has done, or let it tell by patched';
      log.error('An open job waits: its chain has changed', { workflowId, ...misfit, todo });
    }
  }
}
