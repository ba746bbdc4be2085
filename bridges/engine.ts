import { WorkflowNotFoundError, type Client } from '@temporalio/client';

import { DqmQueue } from '../lib/contract/search-attributes.ts';
import { isGrpcStatus } from '../lib/grpc.ts';
import { errorText } from '../lib/log.ts';

/** A start takes milliseconds; the client repeats it inside this while the engine is away. */
const CALL_LIMIT_MS = 10_000;
const PROBE_LIMIT_MS = 5_000;

/** One call of the engine, bounded. */
export const callEngine = <T>(client: Client, call: () => Promise<T>): Promise<T> =>
  client.withDeadline(Date.now() + CALL_LIMIT_MS, call);

/**
 * The engine refuses the message itself: it would do so tomorrow, too. Not so when the namespace lacks our search
 * attributes, which is refused with the same status: that mends `dqm setup`, and no message may be lost for it.
 */
export const isRefusal = (error: unknown): boolean =>
  isGrpcStatus(error, 'invalidArgument') && !/search attribute/i.test(errorText(error));

/** What keeps the engine from answering; undefined when it does. */
export function engineTrouble(client: Client): Promise<string | undefined> {
  return troubleOf(client, () => readSomething(client));
}

/**
 * What keeps the engine from storing a start; undefined when it can. Reads may answer while its disk is full or starts are
 * limited. Leaves a workflow that nobody runs and that times out at once.
 */
export function startTrouble(client: Client): Promise<string | undefined> {
  const options = {
    workflowId: PROBE_WORKFLOW,
    workflowIdConflictPolicy: 'TERMINATE_EXISTING' as const,
    taskQueue: 'dqm-probe',
    workflowRunTimeout: '1 second' as const,
  };
  return troubleOf(client, () => client.workflow.start(PROBE_WORKFLOW, options));
}

async function troubleOf(client: Client, probe: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await client.withDeadline(Date.now() + PROBE_LIMIT_MS, probe);
  } catch (error) {
    return errorText(error);
  }
  return undefined;
}

const PROBE_WORKFLOW = 'dqm/probe';

async function readSomething(client: Client): Promise<void> {
  try {
    await client.workflow.getHandle(PROBE_WORKFLOW).describe();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
  try {
    await client.workflow.count(`${DqmQueue.name} = 'probe'`);
  } catch (error) {
    // A visibility store that is away starts jobs all the same.
    if (!isGrpcStatus(error, 'invalidArgument')) return;
    throw new Error('the namespace lacks our search attributes, run dqm setup', { cause: error });
  }
}
