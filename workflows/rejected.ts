import { condition, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';

import type { RejectedInput } from '../lib/contract/job-input.ts';

import { settleRejected } from './messages.ts';

/** Holds a message that no dead-letter target could take, until a person sends it through intake again or gives it up. */
export async function rejected({ error }: RejectedInput): Promise<'retried' | 'discarded'> {
  let outcome: 'retried' | 'discarded' | undefined;
  setHandler(settleRejected, (decision) => {
    outcome = decision.outcome;
  });
  const { workflowId } = workflowInfo();
  setCurrentDetails(
    [
      '**rejected**, and held here: no dead-letter queue could take the message',
      `${error.type}: ${error.message}`,
      `\`dqm retry ${workflowId} --body FILE\` sends it through intake again, corrected; \`dqm cancel ${workflowId}\` discards it`,
    ].join('\n\n'),
  );
  await condition(() => outcome !== undefined);
  return outcome ?? 'discarded';
}
