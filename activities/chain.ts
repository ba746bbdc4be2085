import { activityInfo } from '@temporalio/activity';

import { sha256 } from '../lib/contract/ids.ts';
import type { JobLimits, JsonText, StagedResult } from '../lib/contract/job-input.ts';
import { memberText } from '../lib/contract/json-text.ts';
import { workflowPrefix } from '../lib/results/key.ts';
import { putText } from '../lib/results/put-text.ts';
import type { ResultStore } from '../lib/results/store.ts';
import { readText } from '../lib/results/text.ts';

import { chainFailure, parametersTooLarge } from './classify.ts';
import { withHeartbeat } from './heartbeat.ts';

/** What a job worker's configuration says of chains. A run reads it once, so that a change concerns later runs. */
export interface ChainSettings {
  /** For whoever wonders why a command is not allowed. */
  file: string;
  allowCommands: string[];
  /** Names of the completion tasks there are. */
  tasks: string[];
  defaultLimits: JobLimits;
  /** Of the commands that have their own. */
  limits: Record<string, JobLimits>;
  /** There is an `approval_webhook`. */
  tellsApprovals: boolean;
}

export interface ChainDeps {
  settings: ChainSettings;
  store: ResultStore;
  /** For a moment, until the store has what is written. */
  folder: string;
}

export type ChainActivities = ReturnType<typeof createChainActivities>;

/** What the engine takes as one payload, with room for the rest. */
const MOST_PARAMETERS = 1024 * 1024;

/** What a chain needs beside its commands and tasks: its sandbox reads and writes nothing. */
export function createChainActivities({ settings, store, folder }: ChainDeps) {
  const reading = <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    withHeartbeat(async (signal) => {
      try {
        return await work(signal);
      } catch (error) {
        throw chainFailure(error);
      }
    });
  return {
    chainSettings: (): Promise<ChainSettings> => Promise.resolve(settings),

    /** The `parameters` of a message whose body lies in the store. */
    readChainParameters: (body: StagedResult): Promise<JsonText> =>
      reading(async (signal) => {
        const text = memberText(await readText(store, body, signal), 'parameters') ?? '{}';
        if (text.length > MOST_PARAMETERS) throw parametersTooLarge(text.length, MOST_PARAMETERS);
        return text;
      }),

    readChainJournal: <Part>(part: StagedResult): Promise<Part> =>
      reading(async (signal) => JSON.parse(await readText(store, part, signal)) as Part),

    /** Among the results of the workflow, so that they go together. */
    writeChainJournal: ({ queue, part }: { queue: string; part: unknown }): Promise<StagedResult> =>
      reading((signal) => {
        const text = JSON.stringify(part);
        const workflowId = activityInfo().workflowExecution?.workflowId ?? '';
        const key = `${workflowPrefix(queue, workflowId)}/journal-${sha256(text)}`;
        return putText({ store, folder }, key, text, signal);
      }),
  };
}
