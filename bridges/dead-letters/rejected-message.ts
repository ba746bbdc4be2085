import { buffer } from 'node:stream/consumers';

import { WorkflowNotFoundError, type Client, type WorkflowHandle } from '@temporalio/client';

import type { RejectedInput } from '../../lib/contract/job-input.ts';
import { REJECTED_WORKFLOW, SETTLE_REJECTED } from '../../lib/contract/names.ts';
import type { QueueMessage } from '../../lib/contract/queue-message.ts';
import { createDecoder } from '../../lib/jobs/decode.ts';
import { readHistory } from '../../lib/jobs/history.ts';
import { isOpen } from '../../lib/jobs/state.ts';
import type { ResultStore } from '../../lib/results/store.ts';

import type { Intake, Verdict } from '../intake/intake.ts';
import { ownAttributes } from '../intake/own-attributes.ts';

export type RetriedRejected = Exclude<Verdict, { outcome: 'unavailable' }>;

export interface RejectedMessageDeps {
  client: Client;
  intake: Intake;
  store: ResultStore;
}

/**
 * Sends a message that a workflow holds through intake again, with `corrected` as its body when there is one. Once it is
 * a job it is held no longer; one that would be rejected again stays held. Rejects when the engine or the store is away,
 * and for a workflow that holds no message any more.
 */
export async function retryRejected(
  workflowId: string,
  corrected: Uint8Array | undefined,
  { client, intake, store }: RejectedMessageDeps,
): Promise<RetriedRejected> {
  const { handle, runId } = await heldMessage(client, workflowId);
  const { input } = await readHistory(await handle.fetchHistory(), createDecoder(client));
  const message = await messageOf(input as RejectedInput, runId, corrected, store);
  // Aborted already: one attempt, since a person waits.
  const verdict = await intake.judge(message, AbortSignal.abort());
  if (verdict.outcome === 'unavailable') throw new Error(verdict.reason);
  // Dying in between is harmless: the same message once more is a duplicate of the job that it became.
  if (verdict.outcome !== 'rejected') await settle(handle);
  return verdict;
}

/** The run that holds the message: a later one under its id would hold another. */
async function heldMessage(client: Client, workflowId: string): Promise<{ handle: WorkflowHandle; runId: string }> {
  const description = await client.workflow.getHandle(workflowId).describe();
  if (description.type !== REJECTED_WORKFLOW) throw new Error(`${workflowId} is not a rejected message`);
  if (!isOpen(description)) throw new Error(`${workflowId} is settled already, it was retried or discarded`);
  const { runId } = description;
  return { handle: client.workflow.getHandle(workflowId, runId), runId };
}

async function messageOf(
  { queue, deliveryId, body, envelope }: RejectedInput,
  runId: string,
  corrected: Uint8Array | undefined,
  store: ResultStore,
): Promise<QueueMessage> {
  return {
    queue,
    body: corrected ?? (await bodyOf(body, store)),
    // Its publisher set none: the same one for each retry, so that it becomes one job.
    messageId: deliveryId ?? runId,
    ...ownAttributes(envelope),
    envelope,
  };
}

/** A mebibyte over a slow line. */
const OPEN_LIMIT_MS = 30_000;

const bodyOf = async (body: RejectedInput['body'], store: ResultStore): Promise<Uint8Array> =>
  'base64' in body
    ? Buffer.from(body.base64, 'base64')
    : buffer(await store.open(body.reference, AbortSignal.timeout(OPEN_LIMIT_MS)));

async function settle(handle: WorkflowHandle): Promise<void> {
  try {
    await handle.signal(SETTLE_REJECTED, { outcome: 'retried' });
  } catch (error) {
    // Somebody else did the same a moment ago.
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
