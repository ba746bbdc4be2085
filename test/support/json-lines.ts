import { z } from 'zod';

import { PRIORITIES } from '../../lib/contract/names.ts';
import { JOB_STATES } from '../../lib/contract/states.ts';

/** What each command prints with `--json`, a line each: the contract that `docs/cli.md` tells and the tests hold. */

const time = z.iso.datetime();
const failure = z.strictObject({ type: z.string(), message: z.string() });

const resultFields = { uri: z.string(), sha256: z.string(), size: z.number(), mime_type: z.string() };

const jobFields = {
  job_id: z.string().nullable().describe('`null`: a rejected message, which never became a job'),
  workflow_id: z.string().describe('what every command takes as ID'),
  run_id: z.string().describe('another one after each retry'),
  queue: z.string(),
  command: z.string().nullable(),
  state: z.enum(JOB_STATES),
  message_id: z.string().nullable().describe('the broker’s, of the original message'),
  tenant: z.string().nullable(),
  priority: z.enum(PRIORITIES).nullable(),
  host: z.string().nullable().describe('that runs its command, or ran it last'),
  created: time.describe('when the engine had it'),
  started: time.nullable().describe('when the command’s latest attempt began'),
  ended: time.nullable(),
  gpu_seconds: z.number().nullable().describe('of the attempt that gave the result'),
  ui_url: z.string().nullable().describe('its page in Temporal’s UI'),
};

const task = z.strictObject({
  name: z.string(),
  state: z.enum(['waiting', 'running', 'completed', 'failed', 'cancelled', 'skipped']),
  attempts: z.number(),
  error: failure.nullable(),
  destination: z.string().nullable(),
});

const row = z.strictObject({ ...jobFields, error: z.strictObject({ type: z.string() }).nullable() });

const job = z.strictObject({
  ...jobFields,
  attempt: z.number().nullable().describe('of the command'),
  progress: z.number().nullable().describe('percent, of a command that tells it'),
  result: z.strictObject(resultFields).nullable().describe('the staged bytes'),
  tasks: z.array(task).describe('`{name, state, attempts, error, destination}` each'),
  partial_results: z
    .array(z.strictObject({ step: z.number(), summary: z.string(), ...resultFields }))
    .describe(
      'what a chain’s commands have staged, also of one that has failed: `{step, summary, uri, sha256, size, mime_type}` each; `step` is the one of `dqm result --step`',
    ),
  error: failure.nullable(),
});

const paused = z
  .strictObject({ by: z.string(), since: time })
  .nullable()
  .describe('`{by, since}`: nothing is taken in and given out until somebody resumes it');
const judged = {
  outcome: z.enum(['accepted', 'rejected']),
  error: failure.nullable().describe('why it would be rejected'),
  remark: z.string().nullable().describe('what to mind although it is accepted'),
};
const messageId = z.string().nullable().describe('the broker’s');

const dryRun = { workflow_id: z.string() };

/** By command. Of several shapes the first is the usual one, the others stand in `also`. */
export const JSON_LINES: Record<string, { line: z.ZodObject; also?: z.ZodObject[] }> = {
  setup: {
    line: z.strictObject({
      check: z.string().describe('what was looked at'),
      state: z.enum(['ok', 'changed', 'warning', 'failed', 'skipped']),
      detail: z.string(),
    }),
  },
  check: {
    line: z.strictObject({ file: z.string().describe('with `--limit` it is `message_id`'), ...judged }),
    also: [
      z.strictObject({ message_id: messageId, ...judged }),
      z.strictObject({ file: z.string(), outcome: z.literal('accepted') }),
      z.strictObject({ file: z.string(), outcome: z.enum(['fits', 'misfit']), reason: z.string().nullable() }),
    ],
  },
  bridge: {
    line: z.strictObject({ message_id: messageId.describe('with `--dry-run`, the broker’s'), ...judged }),
  },
  queues: {
    line: z.strictObject({
      queue: z.string(),
      in_broker: z.number().nullable().describe('visible and in flight; `null`: no broker, or no answer'),
      waiting: z.number().describe('for a GPU'),
      running: z.number(),
      delivering: z.number(),
      failed: z.number(),
      rejected: z.number(),
      ready_hosts: z
        .number()
        .nullable()
        .describe('GPU slots, idle or rendering; `null`: the engine cannot list workers'),
      oldest_wait_seconds: z.number().nullable().describe('`null`: no command waits'),
      paused,
    }),
  },
  hosts: {
    line: z.strictObject({
      host: z.string(),
      realityserver_url: z.string().nullable(),
      queue: z.string(),
      state: z
        .enum(['starting', 'ready', 'rendering', 'staging', 'resting', 'out', 'draining', 'silent'])
        .describe('`out`: it failed too often, `silent`: it did not answer, and what only it knows is `null`'),
      job_id: z.string().nullable(),
      progress: z.number().nullable().describe('percent, of a command that tells it'),
      gpu_seconds_today: z.number().nullable(),
      faults: z.number().nullable().describe('in a row'),
      version: z.string().nullable(),
      reason: z.string().nullable().describe('why it is out, or why its results do not reach the store'),
      paused,
    }),
  },
  pause: {
    line: z.strictObject({ queue: z.string().describe('with `--host` it is `host`'), paused }),
    also: [z.strictObject({ host: z.string(), paused })],
  },
  resume: {
    line: z.strictObject({ queue: z.string().describe('with `--host` it is `host`'), paused: z.null() }),
    also: [z.strictObject({ host: z.string(), paused: z.null() })],
  },
  approve: {
    line: z.strictObject({
      workflow_id: z.string(),
      approval: z.string().describe('which one was decided'),
      decision: z.enum(['approved', 'declined']),
      note: z.string().nullable(),
    }),
  },
  submit: {
    line: z.strictObject({ message_id: z.string(), job_id: z.string().describe('its identity inside the queue') }),
  },
  jobs: { line: row },
  job: { line: job },
  demo: { line: job },
  cancel: {
    line: z.strictObject({
      job_id: z.string().nullable(),
      workflow_id: z.string(),
      state: z.enum(JOB_STATES).describe('in which it was found'),
      host: z.string().nullable(),
      ended: time.nullable(),
      outcome: z
        .enum(['cancelled', 'cancelling', 'discarded', 'ended', 'changed'])
        .describe('`cancelling`: asked for before; `ended`, `changed`: nothing was done'),
    }),
    also: [z.strictObject({ ...dryRun, outcome: z.literal('would cancel') })],
  },
  retry: {
    line: z.strictObject({
      workflow_id: z.string(),
      outcome: z
        .enum(['retried', 'skipped', 'refused', 'started', 'duplicate', 'rejected'])
        .describe('the last three: of a rejected message'),
      job_workflow_id: z.string().nullable().describe('the job that runs now'),
      task: z.string().nullable().describe('with which it goes on; `null`: with its command'),
      error: failure.nullable().describe('why a message would be rejected again'),
      reason: z.string().nullable().describe('why nothing was done, or what to mind'),
    }),
    also: [z.strictObject({ ...dryRun, outcome: z.literal('would retry') })],
  },
  result: {
    line: z.strictObject({
      workflow_id: z.string(),
      file: z.string(),
      uri: z.string().describe('in the result store'),
      sha256: z.string(),
      size: z.number().describe('bytes'),
      mime_type: z.string(),
    }),
  },
  'history export': {
    line: z.strictObject({
      events: z
        .array(z.looseObject({ eventId: z.string(), eventTime: time, eventType: z.string() }))
        .describe('as Temporal’s own tools write and read them'),
    }),
  },
  'dead-letters': {
    line: z.strictObject({
      message_id: z.string().nullable().describe('of the original message'),
      job_id: z.string().nullable(),
      workflow_id: z.string().nullable().describe('`null`: there is no such job'),
      state: z.enum(JOB_STATES).nullable(),
      error: failure.nullable().describe('`null`: the broker itself put it there'),
      outcome: z.enum(['listed', 'redriven', 'dropped', 'would redrive', 'would drop']),
    }),
  },
};

/** Rejects a line that is not as the contract says. */
export function checkJsonLines(command: string, stdout: string): unknown[] {
  const shapes = JSON_LINES[command];
  if (!shapes) throw new Error(`no shape is written down for dqm ${command}`);
  const schema = z.union([shapes.line, ...(shapes.also ?? [])]);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => schema.parse(JSON.parse(line)));
}
