import type { JobState } from '../lib/contract/states.ts';
import { inParallel } from '../lib/in-parallel.ts';
import { cancelJob, type Cancelled } from '../lib/jobs/cancel.ts';

import { terminalAsking } from './confirm.ts';
import { EXIT_FAILED } from './exit.ts';
import { jsonLine } from './output/output.ts';
import { agoText } from './output/quantities.ts';
import { plainText } from './output/text.ts';
import { mayGoOn, pickJobs, wouldLine, type PickOptions } from './pick-jobs.ts';
import type { ClientDeps } from './with-client.ts';

/** A held message is discarded only by name, or by `--state rejected`. */
const OPEN_STATES: readonly JobState[] = ['waiting', 'running', 'approval', 'delivering'];
const AT_ONCE = 8;

/** `dqm cancel`: exit code 1 when a job that was named had ended before. */
export async function cancel(
  ids: readonly string[],
  options: PickOptions,
  deps: ClientDeps,
  asking = terminalAsking(),
): Promise<void> {
  const { client, output, now } = deps;
  const picked = await pickJobs(ids, options, OPEN_STATES, deps);
  if (picked.length === 0 && !output.json) output.write('No such jobs: nothing to cancel.\n');
  if (options.dryRun) return output.write(picked.map((one) => wouldLine('cancel', one, output)).join(''));
  if (!(await mayGoOn(`cancel ${picked.length} jobs`, picked.length, options, asking))) return;
  await inParallel(picked, AT_ONCE, async ({ workflowId, name, expected }) => {
    const cancelled = await cancelJob(client, workflowId, expected);
    output.write(output.json ? jsonLine(lineOf(cancelled)) : `${plainText(name)}: ${textOf(cancelled, now)}\n`);
    if (cancelled.outcome === 'ended' && ids.length > 0 && cancelled.job.state !== 'cancelled') {
      process.exitCode = EXIT_FAILED;
    }
  });
}

const lineOf = ({ job: { job_id, workflow_id, state, host, ended }, outcome }: Cancelled) => ({
  job_id,
  workflow_id,
  state,
  host,
  ended,
  outcome,
});

function textOf({ job, outcome }: Cancelled, nowMs: number): string {
  const { state, host, ended } = job;
  switch (outcome) {
    case 'cancelled':
      return doingText(state, host);
    case 'cancelling':
      return `${state}, and its cancelling was asked for before`;
    case 'discarded':
      return 'the rejected message is discarded';
    case 'ended':
      return ended === null
        ? `${state} just now, nothing to cancel`
        : `${state} ${agoText(ended, nowMs)}, nothing to cancel`;
    case 'changed':
      return `${state} by now, left alone`;
    default:
      return outcome satisfies never;
  }
}

function doingText(state: JobState, host: string | null): string {
  switch (state) {
    case 'running':
      return `cancelled while running on ${host ?? 'a host'}, which lets go of it within seconds`;
    case 'delivering':
      return 'cancelled while delivering; what was delivered before stays there';
    case 'approval':
      return 'cancelled while it waited for an approval';
    default:
      return 'cancelled while waiting';
  }
}
