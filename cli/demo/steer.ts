import { setTimeout as delay } from 'node:timers/promises';

import type { JobState } from '../../lib/contract/states.ts';
import { listJobs } from '../../lib/jobs/list.ts';
import { cancel } from '../cancel.ts';
import type { Context } from '../context.ts';
import { jobs } from '../jobs.ts';
import { retry } from '../retry.ts';
import type { ClientDeps } from '../with-client.ts';

import { steeredMessages } from './messages.ts';
import { produce } from './producer.ts';
import type { Stage } from './stage.ts';

const LOOK_MS = 250;

/** What a person on call does: sees a failed delivery, retries it once its web server is mended, cancels another one. */
export async function steer(deps: ClientDeps, context: Context, stage: Stage, signal: AbortSignal): Promise<void> {
  const tell = (text: string): void => deps.output.write(text);
  const sent = await produce(steeredMessages(stage.receiver.url), stage, context.config);
  const [closed = '', down = ''] = sent.map(({ messageId }) => messageId);
  const become = (id: string, state: JobState): Promise<void> => untilIn(state, id, deps, signal);
  await Promise.all([become(closed, 'failed'), become(down, 'delivering')]);

  tell('\nTwo more jobs: one web server answers 404, another one 503 again and again.\n\n$ dqm jobs --limit 2\n');
  await jobs({ limit: '2' }, deps);
  tell(`\n$ dqm cancel ${down}\n`);
  await cancel([down], {}, deps);
  stage.receiver.repair();
  tell(`\nThe first web server is mended.\n\n$ dqm retry ${closed}\n`);
  await retry([closed], {}, deps, context);
  await Promise.all([become(closed, 'completed'), become(down, 'cancelled')]);
  tell('\n$ dqm jobs --limit 2\n');
  await jobs({ limit: '2' }, deps);
}

async function untilIn(state: JobState, messageId: string, { client }: ClientDeps, signal: AbortSignal): Promise<void> {
  const isIt = (row: { message_id: string | null; state: JobState; ended: string | null }): boolean =>
    row.message_id === messageId && row.state === state && (state === 'delivering' || row.ended !== null);
  while (!(await listJobs(client, { limit: 2 })).some(isIt)) await delay(LOOK_MS, undefined, { signal });
}
