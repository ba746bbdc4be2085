import type { Client } from '@temporalio/client';
import { z } from 'zod';

import type { JsonText } from '../../lib/contract/job-input.ts';
import { firstIssue, issueText } from '../../lib/contract/schema.ts';
import { JOB_STATES } from '../../lib/contract/states.ts';
import { cancelJob, type Cancelled } from '../../lib/jobs/cancel.ts';
import { findJob } from '../../lib/jobs/find.ts';
import { listJobs } from '../../lib/jobs/list.ts';
import { showJob } from '../../lib/jobs/show.ts';
import { grpcAnswerIn } from '../../lib/grpc.ts';
import { errorText, type Log } from '../../lib/log.ts';
import { CODES, CommandError, failed, type Outcome } from '../../lib/realityserver/json-rpc.ts';

import type { Submitted } from '../send.ts';

/** A call that is answered here. */
export interface OwnCall {
  method: string;
  /** The exact text of its `params`. */
  parameters: JsonText;
}

export interface OwnCommandDeps {
  /** Throws while the engine has not been reached yet. */
  client(): Client;
  /** Names of the configured queues. */
  queues: readonly string[];
  uiUrl: string | null;
  submit(parameters: JsonText): Promise<Submitted>;
  log: Log;
}

/** What a call came to; `submitted`: ids that a caller must get, whatever becomes of the rest of its answer. */
export interface OwnOutcome {
  outcome: Outcome;
  submitted?: Submitted;
}

export type RunOwn = (call: OwnCall) => Promise<OwnOutcome>;

/** The one that RealityServer has too. */
export const SUBMIT = 'queue_manager_submit_job';

/** Ours of the JSON-RPC commands; every other one passes through. */
const OWN_COMMANDS = [SUBMIT, 'dqm_job_status', 'dqm_list_jobs', 'dqm_cancel_job'] as const;
type OwnCommand = (typeof OWN_COMMANDS)[number];

export const isOwn = (method: string): method is OwnCommand => OWN_COMMANDS.some((own) => own === method);

/** False: certainly none of ours is in it. A cheap look, so that most of what passes is never parsed. */
export const mayHoldOwn = (bytes: Buffer): boolean =>
  OWN_COMMANDS.some((name) => bytes.includes(name)) || bytes.includes('\\u');

/** RealityServer's own codes are not known: ours for what is nobody's mistake, and for what nobody may. */
export const UNAVAILABLE = -32_000;
export const REFUSED = -32_001;

/** An engine answers in milliseconds: a person or a program waits. */
const ENGINE_LIMIT_MS = 10_000;
const DEFAULT_ROWS = 50;
const MOST_ROWS = 1_000;

const JobId = z.object({ job_id: z.string({ error: requiredText }).min(1, 'must not be empty') });
const Listing = z.object({
  queue_name: z.string('must be a string').nullish(),
  state: z.enum(JOB_STATES, `must be one of ${JOB_STATES.join(', ')}`).nullish(),
  limit: z
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(MOST_ROWS, `must be at most ${MOST_ROWS}`)
    .nullish(),
});

/** Runs our commands. Never rejects: what goes wrong is an error of the answer. */
export function createOwnCommands({ client, queues, uiUrl, submit, log }: OwnCommandDeps): RunOwn {
  const bounded = <T>(work: (client: Client) => Promise<T>): Promise<T> => {
    const engine = client();
    return engine.withDeadline(Date.now() + ENGINE_LIMIT_MS, () => work(engine));
  };

  const run: Record<OwnCommand, (parameters: JsonText) => Promise<unknown>> = {
    [SUBMIT]: submit,
    dqm_job_status: async (parameters) => {
      const { job_id } = read(JobId, parameters);
      return bounded(async (engine) =>
        showJob(engine, await find(engine, job_id), { uiUrl, namespace: engine.options.namespace }),
      );
    },
    dqm_list_jobs: async (parameters) => {
      const { queue_name, state, limit } = read(Listing, parameters);
      const filter = { queue: queue_name ?? undefined, state: state ?? undefined };
      return bounded((engine) => listJobs(engine, { ...filter, limit: limit ?? DEFAULT_ROWS, uiUrl }));
    },
    dqm_cancel_job: async (parameters) => {
      const { job_id } = read(JobId, parameters);
      return bounded(async (engine) => cancelled(await cancelJob(engine, await find(engine, job_id))));
    },
  };

  const find = (engine: Client, id: string): Promise<string> =>
    findJob(engine, id, queues).catch((error: unknown) => {
      if (grpcAnswerIn(error)) throw error;
      throw new CommandError(CODES.parameters, `job_id: ${errorText(error)}`);
    });

  return async ({ method, parameters }) => {
    if (!isOwn(method)) return { outcome: failed(new CommandError(CODES.method, `${method} is none of ours`)) };
    try {
      const result = await run[method](parameters);
      if (method !== SUBMIT) return { outcome: { result: JSON.stringify(result) } };
      const submitted = result as Submitted;
      const { messageId, jobId } = submitted;
      return { submitted, outcome: { result: JSON.stringify({ message_id: messageId, job_id: jobId }) } };
    } catch (error) {
      if (error instanceof CommandError) return { outcome: failed(error) };
      const reason = grpcAnswerIn(error) ? `the engine: ${errorText(error)}` : errorText(error);
      log.warn('A command could not be carried out', { command: method, reason });
      return { outcome: failed(new CommandError(UNAVAILABLE, reason)) };
    }
  };
}

function requiredText({ input }: { input?: unknown }): string {
  return input === undefined ? 'is required' : 'must be a string';
}

/** `state`: what it is now, where the cancelling is on its way. */
const cancelled = ({ job, outcome }: Cancelled): { job_id: string | null; state: string } => ({
  job_id: job.job_id,
  state: outcome === 'ended' || outcome === 'changed' ? job.state : 'cancelled',
});

function read<T extends z.ZodType>(schema: T, parameters: JsonText): z.output<T> {
  const { success, data, error } = schema.safeParse(JSON.parse(parameters));
  if (success) return data;
  const issue = firstIssue(error);
  const isWhole = issue.path.length === 0;
  throw new CommandError(CODES.parameters, isWhole ? 'params: must be an object' : issueText(issue).slice('.'.length));
}
