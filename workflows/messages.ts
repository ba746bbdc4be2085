import { defineSignal } from '@temporalio/workflow';

/** Ends a `dqm/rejected` workflow: its message went through intake again, or a person gave it up. */
export const settleRejected = defineSignal<[{ outcome: 'retried' | 'discarded' }]>('settle');
