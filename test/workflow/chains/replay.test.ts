import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';

import { decideApproval, openApprovals } from '../../../lib/approvals/decide.ts';
import type { Decision } from '../../../lib/contract/approvals.ts';
import { withoutStack } from '../../../lib/contract/failures.ts';
import type { ChainFailureDetails, ChainJournal, JobInput } from '../../../lib/contract/job-input.ts';
import { STEP_LIMIT } from '../../../workers/step-limit.ts';
import { aChainWorker, type Behaviour, type ChainWorker } from '../../support/a-chain-worker.ts';
import { until } from '../../support/until.ts';

const CHAINS = `
import { approval, command, deliver, inParallel, pause, progress } from 'durable-queue-manager/chains';

export async function turntable({ tasks }) {
  const frames = await inParallel([0, 90, 180, 270], { atMost: 2 }, (angle) =>
    command('frame', { angle, seed: Math.random(), began: Date.now() }),
  );
  progress(50, 'all frames are there');
  await pause('20 ms');
  const sheet = await command('sheet', { frames });
  await deliver(sheet, tasks);
  return sheet;
}
export async function reviewed() {
  return approval('art director', { preview: await command('sheet'), within: '1 day' });
}
`;

/**
 * Real histories of these chains: chains that began under an older version are open somewhere. `UPDATE_HISTORIES=1`
 * records them anew, which is right only while nobody has an open chain that they stand for.
 */
const FOLDER = join(__dirname, 'histories');
const HISTORIES = ['completed', 'failed', 'repaired', 'approved', 'declined', 'cancelled'] as const;
type HistoryName = (typeof HISTORIES)[number];

let worker: ChainWorker;

beforeAll(async () => {
  worker = await aChainWorker(CHAINS);
  if (process.env['UPDATE_HISTORIES']) await recordAll();
});

afterAll(() => worker?.close());

const fileOf = (name: HistoryName): string => join(FOLDER, `${name}.json`);

/** The chain's clock and chance follow from the id that the history holds. */
function replay(text: string): Promise<void> {
  const history = historyFromJSON(JSON.parse(text));
  const { workflowId } = history.events?.[0]?.workflowExecutionStartedEventAttributes ?? {};
  return Worker.runReplayHistory({ workflowBundle: worker.bundle, ...STEP_LIMIT }, history, workflowId ?? undefined);
}

test.each(HISTORIES)('a chain that was %s still replays', async (name) => {
  await expect(replay(readFileSync(fileOf(name), 'utf8'))).resolves.toBeUndefined();
});

test('a history that this version of the kit would not write does not replay', async () => {
  const text = readFileSync(fileOf('completed'), 'utf8');
  await expect(replay(text.replaceAll('"s3_upload"', '"fax_it"'))).rejects.toThrow(/determinis/i);
});

async function recordAll(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const tasks = [{ name: 's3_upload', config: { bucket: 'results', key: 'sheet.png' } }];
  await record('completed', 'turntable', { input: { tasks } });
  const journal = await record('failed', 'turntable', { input: { tasks }, behaviour: noPaper });
  if (!journal) throw new Error('the failed chain has left no journal');
  await record('repaired', 'turntable', { input: { tasks, mayBeStaged: true, journal } });
  await record('approved', 'reviewed', { meanwhile: decide('approved') });
  await record('declined', 'reviewed', { meanwhile: decide('declined') });
  await record('cancelled', 'reviewed', { meanwhile: async (job) => void (await asked(job), await job.cancel()) });
}

interface Recording {
  input?: Partial<JobInput>;
  behaviour?: Behaviour;
  /** What happens to the job while it runs. */
  meanwhile?: (job: WorkflowHandle) => Promise<void>;
}

/** Runs a chain to its end and keeps its history. Gives what a retry goes on from, when it has failed. */
function record(
  name: HistoryName,
  chain: string,
  { meanwhile, ...more }: Recording,
): Promise<ChainJournal | undefined> {
  const during = async (job: WorkflowHandle): Promise<ChainJournal | undefined> => {
    await meanwhile?.(job);
    const error: unknown = await job.result().catch((reason: unknown) => reason);
    // Whose machine recorded it is nobody's business.
    const text = historyToJSON(await job.fetchHistory()).replaceAll(/("identity": "\d+)@[^"]+/g, '$1@render-farm');
    writeFileSync(fileOf(name), `${text}\n`);
    const { details } = ((error as WorkflowFailedError | null)?.cause ?? {}) as ApplicationFailure;
    const journal = (details?.[0] as ChainFailureDetails | undefined)?.journal;
    return journal && { ...journal, retriedParts: journal.parts.length };
  };
  return worker.run(chain, {}, during, more);
}

const noPaper: Behaviour = {
  command: ({ command }) => {
    if (command !== 'sheet') return undefined;
    const failure = { type: 'CommandFailed', message: 'no paper', nonRetryable: true };
    return Promise.reject(withoutStack(ApplicationFailure.create(failure)));
  },
};

const asked = (job: WorkflowHandle): Promise<boolean> =>
  until(async () => {
    // Nobody can be asked before the chain has begun.
    const open = await openApprovals(worker.engine.client, job.workflowId).catch(() => []);
    return open.length > 0;
  });

const decide = (decision: Decision) => async (job: WorkflowHandle) => {
  await asked(job);
  await decideApproval(worker.engine.client, job.workflowId, { decision, note: 'lighter' });
};
