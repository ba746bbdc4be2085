import { defineSignal } from '@temporalio/workflow';

import { SETTLE_REJECTED } from '../lib/contract/names.ts';

/** Ends a `dqm/rejected` workflow: its message went through intake again, or a person gave it up. */
export const settleRejected = defineSignal<[{ outcome: 'retried' | 'discarded' }]>(SETTLE_REJECTED);
