import { hostViews } from '../lib/host-views.ts';

import { hostsTable } from './output/hosts-table.ts';
import { jsonLine } from './output/output.ts';
import type { ClientDeps } from './with-client.ts';

/** `dqm hosts`: each GPU slot of the configured queues, as the hosts themselves tell. */
export async function hosts(_options: unknown, { client, queues, output, now }: ClientDeps): Promise<void> {
  const views = await hostViews(client, queues);
  if (!views)
    throw new Error('this engine cannot list workers: it needs worker heartbeats (Temporal server 1.30 or later)');
  if (output.json) return output.write(views.map(jsonLine).join(''));
  output.write(
    views.length === 0 ? 'No render host was heard of in the last minutes.\n' : hostsTable(views, output, now),
  );
}
