import { condition, setCurrentDetails, setHandler } from '@temporalio/workflow';

import type { RejectedInput } from '../lib/contract/job-input.ts';

import { settleRejected } from './messages.ts';

/** Holds a message that no dead-letter target could take, until a person sends it through intake again or gives it up. */
export async function rejected({ error }: RejectedInput): Promise<'retried' | 'discarded'> {
  let outcome: 'retried' | 'discarded' | undefined;
  setHandler(settleRejected, (decision) => {
    outcome = decision.outcome;
  });
  setCurrentDetails(`**rejected**\n\n${error.type}: ${error.message}`);
  await condition(() => outcome !== undefined);
  return outcome ?? 'discarded';
}
