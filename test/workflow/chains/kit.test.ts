import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';

import { DqmError, DqmGpuSeconds, DqmState } from '../../../lib/contract/search-attributes.ts';
import {
  aChainWorker,
  rendered,
  type Behaviour,
  type ChainWorker,
  type StepInput,
} from '../../support/a-chain-worker.ts';
import { until } from '../../support/until.ts';

const CHAINS = `
import { command, deliver, inParallel, pause, progress } from 'durable-queue-manager/chains';

export async function frames({ parameters }) {
  const { angles, atMost, settle } = parameters;
  const outcomes = await inParallel(angles, { atMost, settle }, (angle) => command('frame', { angle }));
  return outcomes.map((outcome) => outcome.status ?? outcome.mimeType);
}
export async function twice() {
  await inParallel([1, 2, 2], { atMost: 3 }, (angle) => command('frame', { angle }));
  await command('frame', { angle: 2 });
}
export async function sheet({ tasks }) {
  const result = await command('sheet');
  await deliver(result, tasks);
  return result;
}
export async function elsewhere() { await command('frame', {}, { queue: 'renders' }); }
export async function nowhere() { await command('frame', {}, { queue: 'no/queue' }); }
export async function caught() {
  try { await command('frame', {}); } catch (error) { return { type: error.type }; }
}
export async function forgets() { command('frame', { angle: 1 }); return 'early'; }
export async function forgetsInside() { await command('sheet', { frame: command('frame') }); }
export async function throws() { const nothing = undefined; return nothing.size; }
export async function throwsText() { throw 'no light'; }
export async function unlisted() { await command('format_disk'); }
export async function returns({ parameters: { what } }) {
  const circle = {}; circle.circle = circle;
  return { big: 10n, map: new Map(), function: () => 1, circle, nothing: undefined, number: Number.NaN }[what];
}
export async function waits() { progress(40, 'waiting'); await pause('1 hour'); }
`;

let worker: ChainWorker;

beforeAll(async () => {
  worker = await aChainWorker(CHAINS);
});

afterAll(() => worker?.close());

const run = (chain: string, parameters: unknown = {}, behaviour: Behaviour = {}, input = {}): Promise<unknown> =>
  worker.run(chain, parameters, (job) => job.result(), { behaviour, input });

const failure = (chain: string, parameters: unknown = {}, behaviour: Behaviour = {}): Promise<ApplicationFailure> =>
  worker.run(
    chain,
    parameters,
    async (job) => {
      const error = await job.result().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(WorkflowFailedError);
      return (error as WorkflowFailedError).cause as ApplicationFailure;
    },
    { behaviour },
  );

const angleOf = ({ parameters }: { parameters: string }): number => (JSON.parse(parameters) as { angle: number }).angle;

const noScene = () =>
  Promise.reject(ApplicationFailure.create({ type: 'CommandFailed', message: 'no such scene', nonRetryable: true }));

const detailsOf = (job: WorkflowHandle): Promise<string> =>
  job.query('__temporal_workflow_metadata').then(JSON.stringify);

test('inParallel does all items, at most so many at once, and keeps their order', async () => {
  let begun = 0;
  let open = 0;
  let most = 0;
  const command = async (input: StepInput) => {
    begun += 1;
    open += 1;
    most = Math.max(most, open);
    // The first one ends only when another has begun: however late that one's turn comes, they are open together.
    await until(() => begun >= 2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    open -= 1;
    const outcome = rendered(input);
    return { ...outcome, result: { ...outcome.result, mimeType: `image/${angleOf(input)}` } };
  };
  const angles = [7, 3, 5, 1, 9];
  expect(await run('frames', { angles, atMost: 2 }, { command })).toEqual(angles.map((angle) => `image/${angle}`));
  expect(most).toBe(2);
});

test('inParallel begins nothing more after the first failure', async () => {
  const command = (input: { parameters: string }) => (angleOf(input) === 2 ? noScene() : undefined);
  const { message, type } = await failure('frames', { angles: [1, 2, 3, 4, 5], atMost: 1 }, { command });
  expect(message).toBe('frame (command 2): no such scene');
  expect(type).toBe('CommandFailed');
  expect(worker.commands.map(angleOf)).toEqual([1, 2]);
});

test('inParallel with settle gives each outcome', async () => {
  const command = (input: { parameters: string }) => (angleOf(input) === 2 ? noScene() : undefined);
  const outcomes = await run('frames', { angles: [1, 2, 3], atMost: 2, settle: true }, { command });
  expect(outcomes).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('commands that ask for the same are told apart by their order, others by what they ask', async () => {
  await run('twice');
  const asked = worker.commands.map((input) => `${angleOf(input)}: ${input.occurrence}`);
  expect(asked.sort((one, other) => one.localeCompare(other))).toEqual(['1: 0', '2: 0', '2: 1', '2: 2']);
});

test('deliver runs the tasks it is given, and its step tells it from other deliveries', async () => {
  const tasks = [{ name: 's3_upload', config: { bucket: 'results', key: 'sheet.png' } }];
  await run('sheet', {}, {}, { tasks });
  expect(worker.tasks).toMatchObject([{ index: 0, task: tasks[0], step: expect.stringMatching(/^[0-9a-f]{12}$/) }]);
});

test('a task that is not known fails the chain and names those that are', async () => {
  const { message } = await worker.run(
    'sheet',
    {},
    async (job) => ((await job.result().catch((error: unknown) => error)) as WorkflowFailedError).cause as Error,
    { input: { tasks: [{ name: 'fax_it', config: {} }] } },
  );
  expect(message).toBe('task 1 of deliver, fax_it: unknown task, known are s3_upload');
});

test.each([
  [
    'a command that is not listed',
    'unlisted',
    {},
    'CommandNotAllowed',
    /^format_disk is not listed by allow_command in realityserver.conf/,
  ],
  ['a queue that can be none', 'nowhere', {}, 'BadRequest', /"no\/queue" is no name of a queue/],
  ['an error of its own', 'throws', {}, 'CommandFailed', /^throws threw TypeError: .*undefined.*chains\.ts:\d+/],
  ['a text that it throws', 'throwsText', {}, 'CommandFailed', /^throwsText threw no light$/],
  [
    'a forgotten await inside parameters',
    'forgetsInside',
    {},
    'BadRequest',
    /parameters\.frame is a Promise: is an await missing\?/,
  ],
  ['a result with a BigInt', 'returns', { what: 'big' }, 'UnexpectedResult', /what returns returned is a bigint/],
  ['a result with a Map', 'returns', { what: 'map' }, 'UnexpectedResult', /is a Map/],
  ['a result that is a function', 'returns', { what: 'function' }, 'UnexpectedResult', /is a function/],
  ['a result that holds itself', 'returns', { what: 'circle' }, 'UnexpectedResult', /contains itself/],
  ['a result that is no number', 'returns', { what: 'number' }, 'UnexpectedResult', /NaN/],
])('%s fails the chain, which is not tried for ever', async (_what, chain, parameters, type, message) => {
  const failed = await failure(chain, parameters);
  expect(failed.message).toMatch(message);
  expect(failed.type).toBe(type);
});

test('a failed chain says so in its search attributes, a completed one its seconds on the GPU', async () => {
  await worker.run('frames', { angles: [1, 2] }, async (job) => {
    await job.result();
    const { typedSearchAttributes } = await job.describe();
    expect(typedSearchAttributes.get(DqmState)).toBe('completed');
    expect(typedSearchAttributes.get(DqmGpuSeconds)).toBe(2);
  });
  await worker.run('throws', {}, async (job) => {
    await job.result().catch(() => undefined);
    const { typedSearchAttributes } = await job.describe();
    expect(typedSearchAttributes.get(DqmState)).toBe('failed');
    expect(typedSearchAttributes.get(DqmError)).toBe('CommandFailed');
  });
});

test.each([
  ['a command', 'frames', { angles: [1] }],
  ['a call that is refused', 'unlisted', {}],
  ['an error of its own', 'throws', {}],
])('%s that fails a chain leaves no frames of our code above its reason', async (_what, chain, parameters) => {
  const ended = (job: WorkflowHandle) => job.result().catch(() => job.fetchHistory());
  const history = await worker.run(chain, parameters, ended, { behaviour: { command: noScene } });
  const { events = [] } = history as Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
  const { failure } = events?.at(-1)?.workflowExecutionFailedEventAttributes ?? {};
  expect(failure?.message).toBeTruthy();
  const told = [failure, ...(chain === 'throws' ? [] : [failure?.cause])];
  expect(told.map((each) => each?.stackTrace ?? '')).toEqual(told.map(() => ''));
});

test('a chain that returns nothing gives null', async () => {
  expect(await run('returns', { what: 'nothing' })).toBeNull();
});

test('a chain can catch the failure of a command and go on', async () => {
  expect(await run('caught', {}, { command: noScene })).toEqual({ type: 'CommandFailed' });
});

test('a command that nobody awaits still ends, and the page says which', async () => {
  await worker.run('forgets', {}, async (job) => {
    expect(await job.result()).toBe('early');
    expect(worker.commands).toHaveLength(1);
    expect(await detailsOf(job)).toContain('nobody awaited frame');
  });
});

test('a cancelled chain is cancelled, whatever it waits for', async () => {
  await worker.run('waits', {}, async (job) => {
    // Before its first step the chain answers nothing.
    await until(async () => (await detailsOf(job).catch(() => '')).includes('40 %, waiting'));
    await job.cancel();
    await expect(job.result()).rejects.toThrow(WorkflowFailedError);
    const { status, typedSearchAttributes } = await job.describe();
    expect(status.name).toBe('CANCELLED');
    expect(typedSearchAttributes.get(DqmState)).toBe('cancelled');
  });
});
