import { setTimeout as delay } from 'node:timers/promises';

import { isGrpcStatus } from '../../lib/grpc.ts';
import { readJob, type JobDetails } from '../../lib/jobs/show.ts';
import { EXIT_FAILED } from '../exit.ts';
import { jobPage } from '../output/job-page.ts';
import { jsonLine, type Output } from '../output/output.ts';
import { plainText } from '../output/text.ts';
import type { ClientDeps } from '../with-client.ts';

const LOOK_MS = 1_000;
const CLEAR_SCREEN = '\u001B[2J\u001B[H';

/** Shows a job until it has ended; exit code 1 unless it completed. An engine that is away for a while is waited for. */
export async function watchJob(workflowId: string, deps: ClientDeps): Promise<void> {
  const { client, uiUrl, namespace, output } = deps;
  const show = showerOf(output);
  for (;;) {
    const details = await readJob(client, workflowId, { uiUrl, namespace }).catch(whenAway);
    if (details) {
      show(details);
      const { state, ended } = details.job;
      // A message that is held waits for a person.
      if (ended !== null || state === 'rejected') {
        if (state !== 'completed') process.exitCode = EXIT_FAILED;
        return;
      }
    }
    await delay(LOOK_MS);
  }
}

function whenAway(error: unknown): undefined {
  if (!isGrpcStatus(error, 'unavailable', 'deadlineExceeded')) throw error;
}

/** A page that is redrawn on a terminal; elsewhere a line for each change. */
function showerOf(output: Output): (details: JobDetails) => void {
  if (output.json) return whenChanged(output, ({ job }) => [jsonLine(job)]);
  if (output.isTerminal) return (details) => output.write(CLEAR_SCREEN + jobPage(details, output, Date.now()));
  return whenChanged(output, linesOf);
}

function whenChanged(output: Output, linesOf: (details: JobDetails) => string[]): (details: JobDetails) => void {
  let shown = new Set<string>();
  return (details) => {
    const lines = linesOf(details);
    for (const line of lines) if (!shown.has(line)) output.write(line);
    shown = new Set(lines);
  };
}

/** The time line as it grows, then how far the command is. */
function linesOf({ job, timeLine }: JobDetails): string[] {
  const lines = timeLine.map(({ at, text }) => `${at.toISOString()} ${plainText(text)}\n`);
  return job.progress === null ? lines : [...lines, `${Math.round(job.progress)} % on ${plainText(job.host ?? '')}\n`];
}
