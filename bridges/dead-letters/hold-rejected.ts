import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';

import { rejectedWorkflowId, rejectedWorkflowIdBeside, sha256 } from '../../lib/contract/ids.ts';
import type { RejectedInput } from '../../lib/contract/job-input.ts';
import { JOBS_TASK_QUEUE, REJECTED_WORKFLOW } from '../../lib/contract/names.ts';
import type { QueueMessage } from '../../lib/contract/queue-message.ts';
import { DqmError, DqmQueue, DqmState } from '../../lib/contract/search-attributes.ts';
import { messageIdAttribute } from '../../lib/jobs/start-options.ts';

import { callEngine } from '../engine.ts';
import { isLarge, type BodyStore } from '../intake/body-store.ts';

import type { HoldRejected, Rejected } from './dead-letter.ts';

/** Puts rejected messages into open workflows of their own, where a person finds them: the last resort, never nothing. */
export function createHoldRejected({ client, bodies }: { client: Client; bodies: BodyStore }): HoldRejected {
  return async (message, verdict) => {
    const { queue, body } = message;
    const workflowId = rejectedWorkflowId(queue, verdict.messageId, body);
    if (await tryHold(client, workflowId, await inputOf(message, workflowId, verdict, bodies), message)) return;
    const { memo } = await callEngine(client, () => client.workflow.getHandle(workflowId).describe());
    // The same message once more is held already; another one under the id of one that is still held goes beside it.
    if (memo?.['content_hash'] === sha256(body)) return;
    const beside = rejectedWorkflowIdBeside(queue, verdict.messageId, body);
    await tryHold(client, beside, await inputOf(message, beside, verdict, bodies), message);
  };
}

async function inputOf(
  { queue, messageId: deliveryId, body, envelope }: QueueMessage,
  workflowId: string,
  { messageId, type, reason }: Rejected,
  bodies: BodyStore,
): Promise<RejectedInput> {
  return {
    version: 1,
    queue,
    messageId,
    deliveryId,
    body: isLarge(body)
      ? { reference: await bodies.keep(queue, workflowId, body) }
      : { base64: Buffer.from(body).toString('base64') },
    envelope,
    error: { type, message: reason },
  };
}

/** False when one of this id is open; a closed one is started again. */
async function tryHold(
  client: Client,
  workflowId: string,
  input: RejectedInput,
  { body }: QueueMessage,
): Promise<boolean> {
  const { queue, messageId, deliveryId, error: why } = input;
  const options = {
    workflowId,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
    workflowIdConflictPolicy: 'FAIL' as const,
    taskQueue: JOBS_TASK_QUEUE,
    args: [input],
    memo: { message_id: messageId, delivery_id: deliveryId, content_hash: sha256(body) },
    typedSearchAttributes: [
      { key: DqmQueue, value: queue },
      { key: DqmState, value: 'rejected' },
      { key: DqmError, value: why.type },
      ...messageIdAttribute(messageId),
    ],
    staticSummary: `rejected · ${why.type} · ${queue}`,
  };
  try {
    await callEngine(client, () => client.workflow.start(REJECTED_WORKFLOW, options));
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}
