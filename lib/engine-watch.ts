import { setTimeout as delay } from 'node:timers/promises';

import { abandonable, lazyConnection, type TemporalOptions } from './temporal.ts';

/** An orchestrator asks `/readyz` about as often. */
const PERIOD_MS = 5_000;
/** Whoever waits for it goes on soon. */
const AWAY_PERIOD_MS = 1_000;
const ANSWER_LIMIT_MS = 3_000;

/** Asks the engine again and again whether it answers, and tells, until `signal` is aborted. */
export async function watchEngine(
  options: TemporalOptions,
  tell: (isThere: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  const connection = lazyConnection(options);
  const { namespace } = options;
  const ask = (): Promise<unknown> =>
    connection.withDeadline(Date.now() + ANSWER_LIMIT_MS, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  try {
    while (!signal.aborted) {
      const isThere = await abandonable(connection, signal, ask).then(
        (answer) => answer !== undefined,
        () => false,
      );
      if (signal.aborted) return;
      tell(isThere);
      await delay(isThere ? PERIOD_MS : AWAY_PERIOD_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    await connection.close();
  }
}
