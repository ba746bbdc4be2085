import { errorText } from '../lib/log.ts';

import { UsageError, type Context } from './context.ts';

/** Somebody waits for the answer, and the rest of the file can be checked without it. */
const ASK_LIMIT_MS = 5_000;

/** Rejects when a queue cannot do what its `acknowledge on_completion` says. Asks SQS for no other queue. */
export async function checkCompletions({ config, log }: Context): Promise<void> {
  const queues = [...config.queues.values()].filter((queue) => queue.kind === 'sqs');
  if (queues.every(({ acknowledge }) => acknowledge === 'on_start')) return;
  const [{ createSqs }, { completionRefusal }] = await Promise.all([
    import('../lib/aws.ts'),
    import('../bridges/sqs/completion.ts'),
  ]);
  const sqs = createSqs(config.aws);
  try {
    for (const queue of queues) {
      const refusal = await completionRefusal(sqs, queue, AbortSignal.timeout(ASK_LIMIT_MS)).catch((error: unknown) => {
        log.warn('SQS cannot be asked for the RedrivePolicy', { queue: queue.name, reason: errorText(error) });
      });
      if (refusal !== undefined) throw new UsageError(`${config.file}: ${refusal}`);
    }
  } finally {
    sqs.destroy();
  }
}
