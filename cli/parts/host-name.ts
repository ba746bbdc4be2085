import { hostname } from 'node:os';

import type { Client } from '@temporalio/client';

import { askHosts } from '../../lib/ask-hosts.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Config } from '../../lib/config/config.ts';
import { canListWorkers, listGpuSlots, mayLive, queuesWithHosts, type GpuSlot } from '../../lib/hosts.ts';
import type { Log } from '../../lib/log.ts';

/** A host that is asked anew has had time to answer the last question. */
const ASK_AGAIN_MS = 1_000;

export interface FreeHostNameDeps {
  client: Client;
  config: Config;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
}

/**
 * `host_name`, or `NAME-2`, `NAME-3` … beside workers of that name which serve other RealityServers. Rejects when one of
 * them serves the same: two would run two commands on it at once. Undefined when `signal` was aborted before it is known.
 */
export async function freeHostName(deps: FreeHostNameDeps): Promise<string | undefined> {
  const { hostName: wanted, realityServerUrls } = deps.config.dqm;
  // Then nobody can be seen.
  if (!deps.signal.aborted && !(await canListWorkers(deps.client))) return wanted;
  const own = realityServerUrls.map((url) => new URL(url).origin);
  for (let number = 1; !deps.signal.aborted; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    const served = await servedUnder(name, deps);
    if (served.length === 0) {
      if (name !== wanted) deps.log.info('host_name is taken, using the next one', { wanted, got: name });
      return name;
    }
    const same = own.find((origin) => served.includes(origin));
    if (same !== undefined) {
      throw new Error(
        `a GPU worker of the name ${name} serves ${same} already: stop that one, or, when it is another machine's, give this one a host_name of its own`,
      );
    }
  }
  return undefined;
}

/** RealityServers of the workers of that name; none: there is no such worker. Waits for one that lives and does not answer. */
async function servedUnder(name: string, { client, config, clock, log, signal }: FreeHostNameDeps): Promise<string[]> {
  for (let turn = 1; !signal.aborted; turn++) {
    const slots = await liveSlots(client, [...config.queues.keys()], name);
    if (slots.length === 0) return [];
    const answers = await askHosts(client, slots).catch(() => []);
    const served = answers.flatMap((answer) => answer?.realityServerUrl ?? []);
    if (served.length > 0) return served;
    // Killed before its first beat, as far as anybody can tell.
    if (slots.every((slot) => slot.process === undefined)) return [];
    if (turn === 1)
      log.info('A GPU worker of this name was heard of: waiting until it answers or is gone', { host: name });
    await clock.sleep(ASK_AGAIN_MS, signal);
  }
  return [];
}

/** On any queue, of this file or not. */
async function liveSlots(client: Client, queues: readonly string[], name: string): Promise<GpuSlot[]> {
  const all = new Set([...queues, ...(await queuesWithHosts(client))]);
  const slots = (await listGpuSlots(client, [...all])) ?? [];
  return slots.filter((slot) => slot.host === name && mayLive(slot, Date.now()) && !wasKilled(slot));
}

/** A killed worker of this machine need not be waited for. */
function wasKilled({ process: of }: GpuSlot): boolean {
  if (of === undefined || of.machine !== hostname()) return false;
  // In containers the first process has the same number each time.
  if (of.pid === process.pid) return true;
  try {
    process.kill(of.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
