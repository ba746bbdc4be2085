import type { Client } from '@temporalio/client';

import type { StagedResult } from '../contract/job-input.ts';

import { createDecoder } from './decode.ts';
import { earlierCommands } from './earlier-commands.ts';
import { rendered, renderedBy, stepsOf, type JobFacts } from './facts.ts';
import { readHistory } from './history.ts';
import { recordedState } from './state.ts';

/** What the job has staged; `step`: of this command of a chain, from 0. Rejects when it has nothing staged. */
export async function stagedResult(client: Client, workflowId: string, step?: number): Promise<StagedResult> {
  const info = await client.workflow.getHandle(workflowId).describe();
  const raw = await client.workflow.getHandle(workflowId, info.runId).fetchHistory();
  const history = await readHistory(raw, createDecoder(client));
  const facts: JobFacts = { info, history, earlierCommands: await earlierCommands(client, info, history), pending: [] };
  const { result } = (step === undefined ? rendered(facts) : resultOfStep(facts, step)) ?? {};
  if (result) return result;
  const what = step === undefined ? 'it has no result' : `step ${step} has no result`;
  const { failure } = facts.history;
  throw new Error(`${workflowId} is ${recordedState(info)}, ${what}${failure ? `: ${failure.message}` : ''}`);
}

/** The only command of a job that was retried without it is the one it went on from. */
function resultOfStep(facts: JobFacts, step: number) {
  const commands = stepsOf(facts);
  if (commands.length === 0 && step === 0) return rendered(facts);
  const run = commands[step];
  return run && renderedBy(run);
}
