import {
  WorkflowExecutionAlreadyStartedError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';

import type { JobInput, JobLimits, JobMemo, MessageBody, StagedResult } from '../contract/job-input.ts';
import type { MessageRules } from '../contract/job-message.ts';
import { DqmQueue } from '../contract/search-attributes.ts';
import { NoSuchResult, type ResultStore } from '../results/store.ts';

import { readCorrection, resumeCorrected } from './correct.ts';
import { createDecoder } from './decode.ts';
import { jobInput, type JobFacts } from './facts.ts';
import { readHistory } from './history.ts';
import { journalOf, resumeOf } from './resume.ts';
import { startOptions } from './start-options.ts';
import { isOpen, recordedState } from './state.ts';

export interface RetryDeps {
  client: Client;
  store: ResultStore;
  /** Whether this machine sees what the store holds: one that does not leaves it to the job worker to find out. */
  seesStore: boolean;
  rules: MessageRules;
  /** As the configuration has them now. */
  limitsOf(command: string): JobLimits;
  keepBody(queue: string, workflowId: string, text: string): Promise<MessageBody>;
}

export interface RetryOptions {
  /** All commands anew, of a completed job too. */
  render?: boolean;
  /** Takes the place of the job's message. */
  body?: Uint8Array;
}

export type Retried =
  /** `task`: it goes on with this one, without a GPU; `null`: with its command. */
  | { outcome: 'retried'; runId: string; task: string | null; note?: string }
  /** There is nothing to do, or somebody does it already. */
  | { outcome: 'skipped'; reason: string }
  /** It would fail again, or cannot go on. */
  | { outcome: 'refused'; reason: string };

const refused = (reason: string): Retried => ({ outcome: 'refused', reason });
const skipped = (reason: string): Retried => ({ outcome: 'skipped', reason });

/**
 * Starts an ended job again under its id: a failed delivery with its failed and remaining tasks, anything else with its
 * command. Rejects when the id names no job, with `CorrectionRefused`, or as engine and store do.
 */
export async function retryJob(deps: RetryDeps, workflowId: string, options: RetryOptions = {}): Promise<Retried> {
  const { client } = deps;
  const { render = false, body } = options;
  const info = await client.workflow.getHandle(workflowId).describe();
  if (info.typedSearchAttributes.get(DqmQueue) === undefined) throw new Error(`${workflowId} is not a job of a queue`);
  const state = recordedState(info);
  if (isOpen(info)) return skipped(openText(state));
  if (state === 'completed' && !render) return skipped('completed, nothing to retry; --render renders it anew');

  const raw = await client.workflow.getHandle(workflowId, info.runId).fetchHistory();
  const facts: JobFacts = {
    info,
    history: await readHistory(raw, createDecoder(client)),
    earlierCommands: [],
    pending: [],
  };
  const previous = jobInput(facts.history) as JobInput;
  const next = await nextInput(deps, previous, facts, { render, ...(body && { body }) });
  if ('refused' in next) return refused(next.refused);
  const { input } = next;
  const runId = await tryStart(client, info, input);
  if (runId === undefined) return skipped('somebody else has retried it a moment ago');
  const task = input.resume ? (input.tasks[input.resume.task]?.name ?? null) : null;
  const note = body === undefined && task !== null && noteOf(facts);
  return { outcome: 'retried', runId, task, ...(note && { note }) };
}

const openText = (state: string): string =>
  state === 'failed' || state === 'cancelled' || state === 'completed'
    ? `${state}, but not closed yet: try again in a moment`
    : `${state}, nothing to retry`;

async function nextInput(
  deps: RetryDeps,
  previous: JobInput,
  facts: JobFacts,
  { render = false, body }: RetryOptions,
): Promise<{ input: JobInput } | { refused: string }> {
  const { workflowId } = facts.info;
  const { resume: _resume, journal: _journal, ...kept } = previous;
  const journal = render ? undefined : journalOf(facts);
  const going = render ? undefined : resumeOf(facts);
  const job = body && readCorrection(body, previous, deps.rules);
  const resume = job ? await resumeCorrected(going, previous, job, deps.store) : going;
  const corrected = job && {
    command: job.command,
    tasks: job.tasks,
    tenant: job.tenant ?? previous.tenant,
    priority: job.priority ?? previous.priority,
    body: await deps.keepBody(previous.queue, workflowId, job.text),
  };
  const input: JobInput = {
    ...kept,
    ...corrected,
    limits: deps.limitsOf(job?.command ?? previous.command),
    generation: previous.generation + (render ? 1 : 0),
    // What an earlier run has staged is found again.
    mayBeStaged: true,
    ...(resume && { resume }),
    ...(journal && { journal }),
  };
  const obstacle = wrongTask(input, deps.rules) ?? (await missing(input, deps));
  return obstacle === undefined ? { input } : { refused: obstacle };
}

/** What a task of this configuration can never do. */
function wrongTask({ tasks, resume }: JobInput, { checkTask }: MessageRules): string | undefined {
  for (const [index, task] of tasks.entries()) {
    const mistake = index < (resume?.task ?? 0) ? undefined : checkTask(task, `tasks[${index}]`);
    if (mistake !== undefined) {
      return `the same message would fail again: ${mistake}; correct it with --body FILE, dqm check FILE says whether it is right`;
    }
  }
  return undefined;
}

/** What it goes on from, and lies in the result store no more. */
async function missing({ resume, body }: JobInput, deps: RetryDeps): Promise<string | undefined> {
  if (resume) {
    const { result } = resume;
    if (await isThere(result, deps)) return undefined;
    return `its staged result ${result.uri} is gone from the result store; --render renders it anew`;
  }
  if ('text' in body || (await isThere(body.reference, deps))) return undefined;
  return 'its message is gone from the result store; --body FILE gives it again';
}

const LOOK_LIMIT_MS = 30_000;

async function isThere(staged: StagedResult, { store, seesStore }: RetryDeps): Promise<boolean> {
  if (!seesStore) return true;
  try {
    const found = await store.find(store.keyOf(staged), AbortSignal.timeout(LOOK_LIMIT_MS));
    return found?.sha256 === staged.sha256;
  } catch (error) {
    if (error instanceof NoSuchResult) return false;
    throw error;
  }
}

/** A destination that said no may have been mended since; a message that was wrong was not. */
function noteOf({ history: { failure } }: JobFacts): string | undefined {
  if (failure?.type !== 'TaskRejected') return undefined;
  return `${failure.message}: unless that was mended there, the same message fails again; --body FILE corrects it, dqm check FILE says whether it is right`;
}

/** Undefined: another start was first. */
async function tryStart(
  client: Client,
  info: WorkflowExecutionDescription,
  input: JobInput,
): Promise<string | undefined> {
  // The original's ids and content hash stay: its message and its dead letter are still recognised.
  const memo = { ...(info.memo as JobMemo), tenant: input.tenant, priority: input.priority };
  const workflowIdReusePolicy =
    info.status.name === 'COMPLETED' ? ('ALLOW_DUPLICATE' as const) : ('ALLOW_DUPLICATE_FAILED_ONLY' as const);
  try {
    const options = { ...startOptions(input, info.workflowId, memo), workflowIdReusePolicy };
    const handle = await client.workflow.start(input.command, options);
    return handle.firstExecutionRunId;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    throw error;
  }
}
