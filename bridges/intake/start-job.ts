import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';

import type { Acknowledge } from '../../lib/config/config.ts';
import type { Identity } from '../../lib/contract/identity.ts';
import type { JobInput, JobMemo } from '../../lib/contract/job-input.ts';
import { DqmState } from '../../lib/contract/search-attributes.ts';
import { recordedState } from '../../lib/jobs/state.ts';
import { startOptions } from '../../lib/jobs/start-options.ts';

import { callEngine } from '../engine.ts';

export type StartOutcome =
  | 'started'
  | 'duplicate'
  /** Another message with other content holds this id. */
  | 'conflict'
  /** A run of this id is failing right now: judge again when it has closed. */
  | 'closing';

interface Engine {
  client: Client;
  /** Gives the first step of a job to the job worker of this process, with the answer: one dispatch less. */
  besideWorker?: Client;
}

/**
 * Starts a job's workflow, once for each message. Rejects as the engine does. A start refuses an id that exists
 * (`USE_EXISTING` would hide whether anything was started); only then one look at the existing run decides.
 */
export async function startJob(
  engine: Engine,
  input: JobInput,
  identity: Identity,
  acknowledge: Acknowledge,
): Promise<StartOutcome> {
  const { client } = engine;
  if (await tryStart(engine, input, identity, 'REJECT_DUPLICATE')) return 'started';
  const outcome = await judgeExisting(client, identity, acknowledge);
  if (outcome !== 'again') return outcome;
  // What the earlier run has staged is found again.
  const again = { ...input, mayBeStaged: true };
  if (await tryStart(engine, again, identity, 'ALLOW_DUPLICATE_FAILED_ONLY')) return 'started';
  // Another bridge was first, with this message or another of the same id.
  const other = await judgeExisting(client, identity, acknowledge);
  return other === 'again' ? 'closing' : other;
}

/** What the engine knows of the latest run of an id. */
export type ExistingRun = Pick<WorkflowExecutionDescription, 'memo' | 'typedSearchAttributes'> & {
  status: Pick<WorkflowExecutionDescription['status'], 'name'>;
};

/** What a message means to the run that has its id already: the table of interface.md 1. */
export function judgeRun(
  run: ExistingRun,
  { contentHash, deliveryId }: Identity,
  acknowledge: Acknowledge,
): Exclude<StartOutcome, 'started'> | 'again' {
  const memo = (run.memo ?? {}) as Partial<JobMemo>;
  const isSameContent = memo.content_hash === contentHash;
  // A producer that reuses an id for other content sent another message; without an id nothing can be recognised.
  const isSameMessage = isSameContent && deliveryId !== null && memo.delivery_id === deliveryId;
  // Acknowledged on completion, a message that comes again is how a failed job is tried again.
  const isTriedAgain = acknowledge === 'on_completion' && recordedState(run) === 'failed';
  if (isSameMessage && !isTriedAgain) return 'duplicate';
  switch (run.status.name) {
    case 'FAILED':
    case 'CANCELLED':
    case 'TERMINATED':
    case 'TIMED_OUT':
      return 'again';
    case 'COMPLETED':
      return isSameContent ? 'duplicate' : 'conflict';
    default:
      if (isEnding(run)) return 'closing';
      return isSameContent ? 'duplicate' : 'conflict';
  }
}

/** The state is written before the run closes, and for a failed one before its dead letter is stored. */
const isEnding = ({ typedSearchAttributes }: ExistingRun): boolean =>
  ['failed', 'cancelled'].includes(typedSearchAttributes.get(DqmState) ?? '');

async function judgeExisting(
  client: Client,
  identity: Identity,
  acknowledge: Acknowledge,
): Promise<Exclude<StartOutcome, 'started'> | 'again'> {
  try {
    const handle = client.workflow.getHandle(identity.workflowId);
    return judgeRun(await callEngine(client, () => handle.describe()), identity, acknowledge);
  } catch (error) {
    // Its retention ended between the two calls.
    if (error instanceof WorkflowNotFoundError) return 'again';
    throw error;
  }
}

async function tryStart(
  { client, besideWorker }: Engine,
  input: JobInput,
  identity: Identity,
  workflowIdReusePolicy: 'REJECT_DUPLICATE' | 'ALLOW_DUPLICATE_FAILED_ONLY',
): Promise<boolean> {
  const options = {
    ...startOptions(input, identity.workflowId, memoOf(input, identity)),
    workflowIdReusePolicy,
    ...(besideWorker && { requestEagerStart: true }),
  };
  const starter = besideWorker ?? client;
  try {
    await callEngine(starter, () => starter.workflow.start(input.command, options));
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

const memoOf = ({ messageId, jobId, tenant, priority }: JobInput, { deliveryId, contentHash }: Identity): JobMemo => ({
  message_id: messageId,
  delivery_id: deliveryId,
  content_hash: contentHash,
  job_id: jobId,
  tenant,
  priority,
});
