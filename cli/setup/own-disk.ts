import { statfs } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';

import type { Client } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';

import type { Config } from '../../lib/config/config.ts';
import { JOBS_TASK_QUEUE } from '../../lib/contract/names.ts';
import { describeActivities } from '../../lib/task-queue.ts';

/** Linux's numbers for file systems that one machine has for itself. */
const OWN_DISKS = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x2fc12fc1, 'zfs'],
  [0xf2f52010, 'f2fs'],
  [0x01021994, 'tmpfs'],
  [0x794c7630, 'overlay'],
]);

/** A worker that has not polled for so long has gone. */
const POLLED_MS = 65_000;

/**
 * Why job workers could not read what this render host stages; undefined when they can, and when it cannot be known: other
 * file systems may be shared, and so may folders of containers.
 */
export async function ownDiskRefusal({ dqm }: Config, client: Client): Promise<string | undefined> {
  const disk = await ownDiskOf(dqm);
  if (disk === undefined) return undefined;
  const elsewhere = (await jobWorkerHosts(client)).filter((host) => host !== hostname() && !isContainer(host));
  if (elsewhere.length === 0) return undefined;
  return (
    `result_store ${disk.root} is on this host's own disk (${disk.type}), and job workers run on ${elsewhere.join(', ')}: ` +
    'name an s3:// store, or a folder on a disk that all of them share'
  );
}

/** Where a render host's results lie, when only this machine can read them. */
export async function ownDiskOf({
  resultStore,
  realityServerUrls,
}: Pick<Config['dqm'], 'resultStore' | 'realityServerUrls'>): Promise<{ root: string; type: string } | undefined> {
  if (resultStore.kind !== 'file' || realityServerUrls.length === 0) return undefined;
  const type = OWN_DISKS.get(await fileSystemOf(resultStore.root));
  return type === undefined ? undefined : { root: resultStore.root, type };
}

/** Of the nearest folder that is there. */
async function fileSystemOf(path: string): Promise<number> {
  try {
    return (await statfs(path)).type;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || path === dirname(path)) return 0;
    return fileSystemOf(dirname(path));
  }
}

/** The SDK names a worker `<pid>@<host name>`. */
async function jobWorkerHosts(client: Client): Promise<string[]> {
  const { pollers } = await describeActivities(client, JOBS_TASK_QUEUE);
  const recent = pollers.filter(({ lastAccessTime }) => Date.now() - (optionalTsToMs(lastAccessTime) ?? 0) < POLLED_MS);
  const hosts = recent.map(({ identity }) => identity?.split('@')[1] ?? '').filter((host) => host !== '');
  return [...new Set(hosts)].sort();
}

/** Named after the beginning of its id. */
const isContainer = (host: string): boolean => /^[0-9a-f]{12}$/.test(host);
