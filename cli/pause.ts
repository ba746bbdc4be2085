import { hostname, userInfo } from 'node:os';

import { listGpuSlots } from '../lib/hosts.ts';
import { pause as pauseIt, resume as resumeIt, type Pausable } from '../lib/pause.ts';

import { UsageError, type Context } from './context.ts';
import { jsonLine } from './output/output.ts';
import { agoText } from './output/quantities.ts';
import { queueNamed } from './queue-named.ts';
import type { ClientDeps } from './with-client.ts';

/** One of them. */
export interface PauseOptions {
  queue?: string;
  host?: string;
}

/** `dqm pause`: nothing more is taken in or given out; what runs ends. It stays so until somebody resumes it. */
export async function pause(
  options: PauseOptions,
  deps: ClientDeps,
  { config }: Pick<Context, 'config'>,
): Promise<void> {
  const { client, output, now } = deps;
  const what = pausable(options, config);
  const by = whoIAm();
  const { by: who, since } = await pauseIt(client, what, by);
  if (output.json) return output.write(jsonLine({ ...what, paused: { by: who, since: since.toISOString() } }));
  const isMine = who === by && now - since.getTime() < A_MOMENT_MS;
  const unknown = 'host' in what && !(await mayBeHost(what.host, deps));
  if (unknown) output.write(`no render host ${what.host} was heard of in the last minutes: is it named so?\n`);
  output.write(
    isMine ? `${nameOf(what)} is paused\n` : `${nameOf(what)} was paused already, by ${who}, ${agoText(since, now)}\n`,
  );
}

/** `dqm resume`: the opposite. */
export async function resume(
  options: PauseOptions,
  deps: ClientDeps,
  { config }: Pick<Context, 'config'>,
): Promise<void> {
  const { client, output, now } = deps;
  const what = pausable(options, config);
  const earlier = await resumeIt(client, what, whoIAm());
  if (output.json) return output.write(jsonLine({ ...what, paused: null }));
  output.write(
    earlier
      ? `${nameOf(what)} goes on; ${earlier.by} paused it ${agoText(earlier.since, now)}\n`
      : `${nameOf(what)} was not paused\n`,
  );
}

/** A host that is down may be paused before it comes back; a name that was mistyped pauses nothing. */
async function mayBeHost(host: string, { client, queues }: ClientDeps): Promise<boolean> {
  const slots = await listGpuSlots(client, queues);
  return slots === undefined || slots.some((slot) => slot.host === host);
}

/** A clock of an engine elsewhere may be ahead or behind. */
const A_MOMENT_MS = 2_000;

/** Rejects what names neither a configured queue nor a host, or both. */
export function pausable({ queue, host }: PauseOptions, config: Context['config']): Pausable {
  if (queue !== undefined && host === undefined) return { queue: queueNamed(config, queue).name };
  if (host !== undefined && queue === undefined) return { host };
  throw new UsageError('name either a queue, --queue NAME, or a render host, --host NAME');
}

const nameOf = (what: Pausable): string => ('queue' in what ? `queue ${what.queue}` : `host ${what.host}`);

/** As whoever reads it on another machine knows a person. */
const whoIAm = (): string => `${userInfo().username}@${hostname()}`;
