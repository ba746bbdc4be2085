import type { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';

import type { ChainFailureDetails, ChainJournal } from '../../../lib/contract/job-input.ts';
import { aChainWorker, type Behaviour, type ChainWorker } from '../../support/a-chain-worker.ts';

const CHAINS = `
import { command, deliver, inParallel, pause } from 'durable-queue-manager/chains';

/** Corrected, it asks for the frames the other way round, and for one more. */
export async function repair({ parameters: { corrected }, tasks }) {
  const frames = corrected ? [4, 3, 2, 1] : [1, 2, 3];
  const results = await inParallel(frames, { atMost: 2 }, (frame) => command('frame', { frame }));
  await pause('20 ms');
  await deliver(results.at(corrected ? -1 : 0), tasks);
  await command('sheet', { began: Date.now() });
}
/** Asks for the same again and again; corrected, in another order, among others, and once more. */
export async function repeated({ parameters: { corrected } }) {
  const frames = corrected ? [2, 1, 3, 1, 1] : [1, 1, 2];
  await inParallel(frames, { atMost: 2 }, (frame) => command('frame', { frame }));
  await command('sheet');
}
export async function settled() {
  const outcomes = await inParallel([1, 2], { settle: true }, (frame) => command('frame', { frame }));
  if (outcomes.some(({ status }) => status === 'rejected')) throw new Error('a frame is missing');
}
`;

let worker: ChainWorker;

beforeAll(async () => {
  worker = await aChainWorker(CHAINS);
});

afterAll(() => worker?.close());

const TASKS = [{ name: 's3_upload', config: { bucket: 'results', key: 'frame.png' } }];
const failing = (name: string): Behaviour => ({
  command: ({ command, parameters }) =>
    `${command} ${parameters}`.includes(name)
      ? Promise.reject(ApplicationFailure.create({ type: 'CommandFailed', message: 'no paper', nonRetryable: true }))
      : undefined,
});

/** Runs a chain to its failure, and gives what a retry goes on from. */
const failed = (chain: string, behaviour: Behaviour): Promise<ChainJournal> =>
  worker.run(
    chain,
    {},
    async (job) => {
      const error = (await job.result().catch((reason: unknown) => reason)) as WorkflowFailedError;
      const [details] = ((error.cause as ApplicationFailure).details ?? []) as ChainFailureDetails[];
      if (!details) throw new Error(`no journal: ${String(error.cause)}`);
      return { parts: details.journal.parts, retriedParts: details.journal.parts.length };
    },
    { behaviour, input: { tasks: TASKS } },
  );

const retried = (chain: string, parameters: unknown, journal: ChainJournal): Promise<string[]> =>
  worker.run(
    chain,
    parameters,
    async (job) => {
      await job.result();
      return worker.commands.map((input) => `${input.command} ${input.parameters}`.replace(/\d{6,}/, 'then'));
    },
    { input: { tasks: TASKS, journal } },
  );

test('a retried chain runs what failed and nothing else', async () => {
  const journal = await failed('repair', failing('sheet'));
  expect(await retried('repair', {}, journal)).toEqual(['sheet {"began":then}']);
  expect(worker.tasks).toHaveLength(0);
});

test('a corrected chain asks for what is new alone, in whatever order it asks', async () => {
  const journal = await failed('repair', failing('sheet'));
  expect(await retried('repair', { corrected: true }, journal)).toEqual(['frame {"frame":4}', 'sheet {"began":then}']);
  expect(worker.tasks).toHaveLength(0);
});

test('a corrected chain that asks for the same several times is given each of them that is there, once', async () => {
  const journal = await failed('repeated', failing('sheet'));
  const asked = await retried('repeated', { corrected: true }, journal);
  expect([...asked].sort()).toEqual(['frame {"frame":1}', 'frame {"frame":3}', 'sheet {}']);
  expect(Math.max(...worker.commands.map(({ occurrence }) => occurrence))).toBe(2);
});

test('a failure that the chain had settled is tried again by a retry', async () => {
  const journal = await failed('settled', failing('frame {"frame":2}'));
  expect(await retried('settled', {}, journal)).toEqual(['frame {"frame":2}']);
});
