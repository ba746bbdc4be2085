import { text } from 'node:stream/consumers';

import type { StagedResult } from '../contract/job-input.ts';

import type { ResultStore } from './store.ts';

/** What lies behind a reference, as UTF-8 text: for message bodies, which are bounded by `max_message_bytes`. */
export const readText = async (store: ResultStore, reference: StagedResult, signal: AbortSignal): Promise<string> =>
  text(await store.open(reference, signal));
