import { randomUUID } from 'node:crypto';

import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';

import type { ChainSettings } from '../activities/chain.ts';
import type { JobInput, JobLimits } from '../lib/contract/job-input.ts';
import type { ChainJob, Result, Task } from '../workflows/chains/types.ts';

import { createFakeActivities } from './activities.ts';
import { placeOf } from './chain-file.ts';
import { testEngine } from './engine.ts';
import { createResults } from './results.ts';
import { runInSandbox, workerOf } from './sandbox.ts';
import type { ApprovalAnswer, ChainRecord, CommandFake, Question } from './types.ts';

export interface RunChainOptions<Parameters> {
  /** Of the message that starts the chain. */
  parameters: Parameters;
  /** Its completion tasks; the chain's `deliver` is recorded and always works. Default: none. */
  tasks?: readonly Task[];
  /** What each command of the chain gives, by its name; others fail as not allowed. */
  commands: Readonly<Record<string, CommandFake>>;
  /** What each approval is answered. Default: nobody answers, and the time given by `within` passes. */
  approve?(question: Question): ApprovalAnswer | Promise<ApprovalAnswer>;
}

/** How a chain has ended, and what it did. */
export interface ChainRun<Value> extends ChainRecord {
  result: Value;
  /** What a command has given. */
  bytesOf(result: Result): Uint8Array;
}

/** The chain has failed. `type` is that of a failed job: `CommandFailed`, `ApprovalDeclined`, … */
export class ChainFailed extends Error {
  override readonly name = 'ChainFailed';
  readonly type: string;
  /** What it did before. */
  readonly record: ChainRecord;

  constructor(failure: ApplicationFailure, record: ChainRecord) {
    super(failure.message, { cause: failure });
    this.type = failure.type ?? 'CommandFailed';
    this.record = record;
  }
}

/**
 * Runs an exported chain in Temporal's sandbox on an engine in memory: commands are answered by the test, waits of days
 * end at once. Rejects with `ChainFailed`, and when the chain, run again from its history, does not do the same.
 */
export async function runChain<Parameters, Value>(
  chain: (job: ChainJob<Parameters>) => Value,
  options: RunChainOptions<NoInfer<Parameters>>,
): Promise<ChainRun<Awaited<Value>>> {
  const { name } = chain;
  const starting = testEngine();
  const [engine, worker] = await Promise.all([starting, workerOf(placeOf(chain), starting)]);
  const record: ChainRecord = { commands: [], deliveries: [], approvals: [] };
  const results = createResults();
  const test = new AbortController();
  const activities = createFakeActivities({
    settings: settingsOf(name, options),
    commands: options.commands,
    approve: options.approve?.bind(options),
    results,
    record,
    client: engine.client,
    giveUp: (error) => test.abort(error),
  });
  try {
    const input = inputOf(name, options);
    const result = await runInSandbox({ engine, worker, activities, input, signal: test.signal });
    return { ...record, result: result as Awaited<Value>, bytesOf: results.bytesOf };
  } catch (error) {
    const failure = error instanceof WorkflowFailedError ? error.cause : undefined;
    throw failure instanceof ApplicationFailure ? new ChainFailed(failure, record) : error;
  }
}

const HOUR_MS = 3_600_000;

const LIMITS: JobLimits = {
  commandTimeoutMs: 2 * HOUR_MS,
  commandAttempts: 3,
  heartbeatTimeoutMs: HOUR_MS,
  taskRetryWindowMs: 72 * HOUR_MS,
};

const settingsOf = (
  name: string,
  { tasks = [], commands }: Pick<RunChainOptions<unknown>, 'tasks' | 'commands'>,
): ChainSettings => ({
  file: 'a configuration: here the test lists them as `commands`',
  allowCommands: [name, ...Object.keys(commands)],
  tasks: ['s3_upload', 'http_post', ...tasks.map((task) => task.name)],
  defaultLimits: LIMITS,
  limits: {},
  tellsApprovals: true,
});

function inputOf(
  command: string,
  { parameters, tasks = [] }: Pick<RunChainOptions<unknown>, 'parameters' | 'tasks'>,
): JobInput {
  const jobId = `${command}-${randomUUID()}`;
  return {
    version: 1,
    queue: 'test',
    jobId,
    messageId: jobId,
    body: { text: JSON.stringify({ command, parameters }) },
    envelope: { transport: 'direct' },
    command,
    tasks: [...tasks],
    tenant: null,
    priority: null,
    limits: LIMITS,
    deadLetter: false,
    reportsFailure: false,
    generation: 0,
    mayBeStaged: false,
  };
}
