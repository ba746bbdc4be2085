import { ApplicationFailure, condition, defineSignal, setHandler, upsertSearchAttributes } from '@temporalio/workflow';

import { DqmState } from '../../lib/contract/search-attributes.ts';

type Ending = 'completed' | 'failing' | 'failed';

const end = defineSignal<[Ending]>('end');

/** Any workflow type: ends as it is told, and may say before that it has failed. */
export default async function endingWorkflow(): Promise<void> {
  let ending: Ending | undefined;
  setHandler(end, (how) => {
    ending = how;
    if (how === 'failing') upsertSearchAttributes([{ key: DqmState, value: 'failed' }]);
  });
  await condition(() => ending === 'completed' || ending === 'failed');
  if (ending === 'failed') throw ApplicationFailure.nonRetryable('told to fail', 'CommandFailed');
}
