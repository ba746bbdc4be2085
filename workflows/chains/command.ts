import { ApplicationFailure, proxyActivities } from '@temporalio/workflow';

import type { CommandActivities, RenderedCommand } from '../../activities/command.ts';
import { QUEUE_NAME } from '../../lib/contract/names.ts';
import { commandPolicy } from '../policies.ts';

import { runningChain, type RunningChain } from './current.ts';
import { sha256 } from './hash.ts';
import { jsonText } from './json.ts';
import { stepFailure } from './step-failure.ts';
import type { Result } from './types.ts';

export interface CommandOptions {
  /** Another named queue whose hosts run it; absent: the one the job came through. */
  queue?: string;
}

/**
 * Runs one command on a render host and gives its result by reference. Never rendered again for the same parameters
 * within the job. A result of this chain anywhere in `parameters` becomes an address that RealityServer can open.
 * Rejects with an `ApplicationFailure` when it has failed for good; its `type` is `CommandFailed`, `BadRequest`, …
 */
export function command(name: string, parameters: object = {}, options: CommandOptions = {}): Promise<Result> {
  const chain = runningChain('command');
  const text = jsonText(parameters, 'parameters', 'BadRequest');
  const number = chain.page.commandAsked();
  return chain.steps.perform(
    { name, content: `${name}\0${text}` },
    async ({ occurrence }) => {
      const { queue = chain.input.queue } = options;
      checkCall(name, queue, chain);
      chain.page.commandBegins();
      try {
        return await run({ name, text, queue, occurrence }, chain);
      } catch (error) {
        throw stepFailure(error, `${name} (command ${number})`);
      }
    },
    (rendered) => {
      chain.page.commandRendered(rendered);
      return rendered.result;
    },
  );
}

/** The render host obeys its own list too; this one holds for hosts with a longer one. */
function checkCall(name: string, queue: string, { settings }: RunningChain): void {
  if (!settings.allowCommands.includes(name)) {
    const reason = `${name} is not listed by allow_command in ${settings.file}`;
    throw ApplicationFailure.nonRetryable(reason, 'CommandNotAllowed');
  }
  if (!QUEUE_NAME.test(queue)) {
    throw ApplicationFailure.nonRetryable(
      `queue of ${name}: ${JSON.stringify(queue)} is no name of a queue`,
      'BadRequest',
    );
  }
}

interface CommandCall {
  name: string;
  text: string;
  queue: string;
  occurrence: number;
}

function run(
  { name, text, queue, occurrence }: CommandCall,
  { input, settings }: RunningChain,
): Promise<RenderedCommand> {
  const limits = settings.limits[name] ?? settings.defaultLimits;
  const { runCommand } = proxyActivities<CommandActivities>({
    ...commandPolicy(queue, limits),
    summary: summaryOf(name, text),
    priority: { fairnessKey: fairnessKey(input.tenant, input.jobId) },
  });
  const { generation, mayBeStaged } = input;
  return runCommand({
    queue,
    jobQueue: input.queue,
    command: name,
    parameters: text,
    occurrence,
    generation,
    limits,
    mayBeStaged,
  });
}

/** Without a tenant of its own a chain is one: single jobs wait behind one of its commands, not behind all of them. */
const fairnessKey = (tenant: string | null, jobId: string): string => tenant ?? `chain-${sha256(jobId).slice(0, 16)}`;

const SUMMARY_LENGTH = 120;

/** What the UI shows beside the activity. */
function summaryOf(name: string, text: string): string {
  if (text === '{}') return name;
  return `${name} ${text.length > SUMMARY_LENGTH ? `${text.slice(0, SUMMARY_LENGTH)}…` : text}`;
}
