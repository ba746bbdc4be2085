import { ApplicationFailure } from '@temporalio/common';
import type { Client } from '@temporalio/client';
import { Context } from '@temporalio/activity';

import type { ChainSettings } from '../activities/chain.ts';
import type { CommandInput, RenderedCommand } from '../activities/command.ts';
import type { TaskInput, TaskOutcome } from '../activities/tasks/task.ts';
import { DECIDE_APPROVAL, type ApprovalDecision, type OpenApproval } from '../lib/contract/approvals.ts';
import type { StagedResult } from '../lib/contract/job-input.ts';
import type { JsonValue } from '../workflows/chains/types.ts';

import type { Results } from './results.ts';
import type { ApprovalAnswer, ChainRecord, CommandFake, Question } from './types.ts';

export interface Fakes {
  settings: ChainSettings;
  commands: Readonly<Record<string, CommandFake>>;
  approve: ((question: Question) => ApprovalAnswer | Promise<ApprovalAnswer>) | undefined;
  results: Results;
  record: ChainRecord;
  client: Client;
  /** Ends the run with what is wrong with the test. */
  giveUp(error: unknown): void;
}

/** Everything that a chain has others do, answered by the test. */
export const createFakeActivities = (fakes: Fakes) => ({
  chainSettings: (): Promise<ChainSettings> => Promise.resolve(fakes.settings),
  runCommand: (input: CommandInput): Promise<RenderedCommand> => runCommand(input, fakes),
  askForApproval: ({ open }: { open: OpenApproval }): Promise<void> => ask(open, fakes),
  writeChainJournal: ({ part }: { part: unknown }): Promise<StagedResult> =>
    Promise.resolve(fakes.results.put('journal', Buffer.from(JSON.stringify(part)), 'application/json')),
  readChainJournal: (part: StagedResult): Promise<unknown> =>
    Promise.resolve(JSON.parse(Buffer.from(fakes.results.bytesOf(part)).toString()) as unknown),
  /** Of any other name: a completion task. */
  default: ({ task, result }: TaskInput): Promise<TaskOutcome> => {
    fakes.record.deliveries.push({ task, result });
    return Promise.resolve({ destination: 'the test' });
  },
});

async function runCommand(input: CommandInput, fakes: Fakes): Promise<RenderedCommand> {
  const { commands, results, record } = fakes;
  const { command: name, queue } = input;
  // A command that no chain has asked for is the job itself.
  if (!('parameters' in input)) throw noChain(name, fakes);
  const parameters = JSON.parse(input.parameters) as JsonValue;
  record.commands.push({ name, parameters, queue });
  try {
    const answer = (await commands[name]?.(parameters as never)) ?? null;
    const result =
      answer instanceof Uint8Array
        ? results.put(name, answer, 'image/png')
        : results.put(name, Buffer.from(JSON.stringify(answer)), 'application/json');
    return { result, host: 'test', gpuSeconds: 0 };
  } catch (error) {
    throw failureOf(error);
  }
}

function noChain(name: string, { giveUp }: Fakes): ApplicationFailure {
  const reason = `${name} is no export of its module: runChain runs exported functions by their names, as a job does`;
  giveUp(new Error(reason));
  return ApplicationFailure.nonRetryable(reason);
}

/** As a render host says it: trying again cannot help. */
function failureOf(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return ApplicationFailure.create({ type: 'CommandFailed', message, nonRetryable: true });
}

async function ask(open: OpenApproval, { approve, client, record, giveUp }: Fakes): Promise<void> {
  const { approval, who, askedMs, deadlineMs, preview } = open;
  record.approvals.push({ who, preview });
  try {
    const answer = await approve?.({ who, preview });
    if (answer === undefined && deadlineMs === null)
      throw new Error(`nobody answers the approval of ${who}, which waits for ever: give runChain an \`approve\``);
    if (answer === undefined) return;
    const { decision, note } = typeof answer === 'string' ? { decision: answer, note: null } : answer;
    const { workflowId = '' } = Context.current().info.workflowExecution ?? {};
    const args: [ApprovalDecision] = [{ approval, askedMs, decision, note }];
    await client.workflow.getHandle(workflowId).executeUpdate(DECIDE_APPROVAL, { args });
  } catch (error) {
    giveUp(error);
  }
}
