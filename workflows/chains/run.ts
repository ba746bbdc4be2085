import {
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  log,
  makeContinueAsNewFunc,
  proxyActivities,
  proxyLocalActivities,
  workflowInfo,
} from '@temporalio/workflow';

import type { ChainActivities } from '../../activities/chain.ts';
import type { ChainFailureDetails, ChainJournal, JobInput } from '../../lib/contract/job-input.ts';
import { memberText } from '../../lib/contract/json-text.ts';
import { withEnding } from '../ending.ts';
import { chainSettingsPolicy, chainStorePolicy } from '../policies.ts';

import { createApprovals } from './approvals.ts';
import { installClock } from './clock.ts';
import { setRunningChain } from './current.ts';
import { errorOfAuthor } from './author-error.ts';
import { createJournal, type Journal } from './journal.ts';
import { packPart, unpackPart, type JournalBatch, type JournalPart } from './journal-part.ts';
import { jsonText } from './json.ts';
import { FEWEST_STEPS_OF_A_RUN, MOST_OPEN } from './limits.ts';
import { createChainPage, type ChainPage } from './page.ts';
import { createSlots, type Slots } from './slots.ts';
import { createSteps, type Steps } from './steps.ts';
import type { Chain, ChainJob } from './types.ts';

const { chainSettings } = proxyLocalActivities<ChainActivities>(chainSettingsPolicy);
const { readChainJournal, readChainParameters, writeChainJournal } = proxyActivities<ChainActivities>(chainStorePolicy);

/**
 * Runs a user's chain. When its history grows too long, what runs ends, and the chain begins again from its start in a
 * new history, its calls answered from a journal.
 */
export function runChain(name: string, chain: Chain, input: JobInput): Promise<unknown> {
  const page = createChainPage('waiting');
  return withEnding(input, page, async () => {
    const settings = await chainSettings();
    if (!settings.allowCommands.includes(name)) {
      throw ApplicationFailure.nonRetryable(
        `${name} is not listed by allow_command in ${settings.file}`,
        'CommandNotAllowed',
      );
    }
    const job = await jobOf(input);
    const clock = installClock(`${workflowInfo().workflowId}\0${input.generation}`);
    const journal = createJournal(await readJournal(input.journal), clock);
    const slots = createSlots(MOST_OPEN);
    const steps = createSteps(journal, slots, clock.engineNow);
    setRunningChain({ input, settings, steps, page, approvals: createApprovals(), engineNow: clock.engineNow });

    const author = callAuthor(name, chain, job);
    await journal.replay();
    const run = { name, input, journal, slots, steps, page };
    return CancellationScope.nonCancellable(() => follow(run, author));
  });
}

interface Run {
  name: string;
  input: JobInput;
  journal: Journal;
  slots: Slots;
  steps: Steps;
  page: ChainPage;
}

/** How the author's function has ended; undefined while it has not. */
interface Author {
  readonly ending: { value: unknown } | { error: Error } | undefined;
}

function callAuthor(name: string, chain: Chain, job: ChainJob<never>): Author {
  const author: { ending: Author['ending'] } = { ending: undefined };
  const call = async (): Promise<unknown> => chain(job);
  call().then(
    (value) => void (author.ending = { value }),
    (error: unknown) => void (author.ending = { error: errorOfAuthor(name, error) }),
  );
  return author;
}

/** A cancelled chain ends as its author's function does, after its commands have left their hosts. */
async function follow(run: Run, author: Author): Promise<unknown> {
  const { name, slots, steps, page } = run;
  await condition(() => author.ending !== undefined || isDrained(run));
  if (author.ending === undefined) return goOn(run);
  if ('error' in author.ending) {
    const { error } = author.ending;
    if (!isCancellation(error)) throw await withJournal(error, run);
    await condition(() => slots.open === 0);
    throw error;
  }
  const forgotten = steps.forgotten();
  if (forgotten.length > 0) {
    const remark = `${name} returned while nobody awaited ${namesText(forgotten)}: is an await missing?`;
    log.warn(remark);
    page.remark(remark);
    await condition(() => slots.open === 0 && slots.waiting === 0);
  }
  return checkedResult(name, author.ending.value);
}

function checkedResult(name: string, value: unknown): unknown {
  if (value === undefined) return null;
  jsonText(value, `what ${name} returned`, 'UnexpectedResult');
  return value;
}

/** Once the history grows long nothing more begins, and the chain goes on elsewhere when what runs has ended. */
function isDrained({ journal, slots }: Run): boolean {
  if (!workflowInfo().continueAsNewSuggested || journal.added < FEWEST_STEPS_OF_A_RUN) return false;
  slots.close();
  return slots.open === 0;
}

async function goOn({ input, journal }: Run): Promise<never> {
  const next = makeContinueAsNewFunc<(input: JobInput) => Promise<unknown>>();
  return next({ ...input, mayBeStaged: true, journal: await journalWith(input, journal) });
}

/** What a retry of this chain goes on from. */
async function withJournal(failure: Error, { input, journal }: Run): Promise<Error> {
  if (!(failure instanceof ApplicationFailure)) return failure;
  const details: ChainFailureDetails = { journal: await journalWith(input, journal) };
  return ApplicationFailure.create({
    message: failure.message,
    type: failure.type ?? 'CommandFailed',
    nonRetryable: true,
    details: [{ ...(failure.details?.[0] as object | undefined), ...details }],
    ...(failure.cause && { cause: failure.cause }),
  });
}

async function journalWith({ queue, journal: earlier }: JobInput, { batches }: Journal): Promise<ChainJournal> {
  const { parts = [], retriedParts = 0 } = earlier ?? {};
  if (batches.length === 0) return { parts, retriedParts };
  const part = await writeChainJournal({ queue, part: packPart(batches) });
  return { parts: [...parts, part], retriedParts };
}

async function readJournal(journal: ChainJournal | undefined): Promise<JournalBatch[]> {
  if (!journal) return [];
  const parts: JournalPart[] = [];
  for (const part of journal.parts) parts.push(await readChainJournal<JournalPart>(part));
  return parts.flatMap((part, index) => {
    const batches = unpackPart(part);
    return index < journal.retriedParts ? batches.map(ofRetried) : batches;
  });
}

/** What failed is tried again, and a wait that had not ended begins anew. */
const ofRetried = ({ atMs, entries }: JournalBatch): JournalBatch => ({
  atMs,
  entries: entries.filter((entry) => 'done' in entry),
});

async function jobOf({ body, tasks, jobId, messageId, queue, tenant, priority }: JobInput): Promise<ChainJob<never>> {
  const text = 'text' in body ? memberText(body.text, 'parameters') : await readChainParameters(body.reference);
  const parameters = (JSON.parse(text ?? '{}') ?? {}) as never;
  return { parameters, tasks, jobId, messageId, queue, tenant, priority };
}

const MOST_NAMES = 5;

function namesText(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}
