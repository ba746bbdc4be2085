import { setTimeout as delay } from 'node:timers/promises';

import { WorkflowNotFoundError, type Client } from '@temporalio/client';

import { errorText, type Log } from '../lib/log.ts';
import type { Staging } from '../lib/results/staging.ts';
import type { ResultStore } from '../lib/results/store.ts';

export interface LeftoversDeps {
  staging: Staging;
  store: ResultStore;
  client: Client;
  log: Log;
}

const RETRY_MS = 5_000;

/**
 * Puts what an earlier process of this host has rendered into the store, so that no host renders it again; deletes
 * incomplete files and those of jobs that have ended. Tries until it is done: a command polled before could be one of these.
 */
export async function publishLeftovers(
  { staging, store, client, log }: LeftoversDeps,
  signal: AbortSignal,
): Promise<void> {
  await staging.sweep();
  for (const { key, file, meta } of await staging.complete()) {
    for (let tries = 0; !signal.aborted; tries += 1) {
      try {
        if (await isOpen(client, meta)) {
          await store.put(key, file, signal);
          log.info('Result of an earlier process published', { key, workflowId: meta.workflowId });
        }
        await staging.remove(file);
        break;
      } catch (error) {
        if (tries === 0) log.warn('A result left on this host cannot be stored yet', { key, reason: errorText(error) });
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}

async function isOpen(client: Client, { workflowId, runId }: { workflowId: string; runId: string }): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(workflowId, runId).describe();
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
