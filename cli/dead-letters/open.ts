import { openAmqpDeadLetterQueue } from '../../bridges/amqp/dead-letter-queue.ts';
import type { DeadLetterQueue } from '../../bridges/dead-letters/dead-letter-queue.ts';
import { sqsDeadLetterUrl } from '../../bridges/sqs/dead-letter.ts';
import { sqsDeadLetterQueue } from '../../bridges/sqs/dead-letter-queue.ts';
import { createSqs } from '../../lib/aws.ts';
import type { AmqpQueueConfig, QueueConfig } from '../../lib/config/config.ts';
import { UsageError, type Context } from '../context.ts';
import { queueNamed } from '../queue-named.ts';

const LOOK_LIMIT_MS = 30_000;

/** Where the dead letters of a configured queue lie. Rejects when we cannot know, or there is no such place. */
export async function openDeadLetterQueue({ config, log }: Context, name: string): Promise<DeadLetterQueue> {
  const queue = queueNamed(config, name);
  switch (queue.kind) {
    case 'direct':
      throw hasNoBroker(name);
    case 'amqp':
      return openAmqpDeadLetterQueue(queue, amqpQueueName(queue));
    case 'sqs': {
      const sqs = createSqs(config.aws);
      const url = await sqsDeadLetterUrl(sqs, queue, log, AbortSignal.timeout(LOOK_LIMIT_MS));
      if (url === undefined) {
        throw new Error(`queue ${name} has no dead-letter queue: no dead_letter_url, and no RedrivePolicy of its own`);
      }
      const letters = sqsDeadLetterQueue(sqs, queue, url);
      const close = async (): Promise<void> => {
        await letters.close();
        sqs.destroy();
      };
      return { ...letters, close };
    }
    default:
      return queue satisfies never;
  }
}

/** Rejects when the configuration alone says that we cannot know it. */
export function checkPlace(queue: QueueConfig): void {
  if (queue.kind === 'direct') throw hasNoBroker(queue.name);
  if (queue.kind === 'amqp') amqpQueueName(queue);
}

const hasNoBroker = (name: string): UsageError =>
  new UsageError(`queue ${name} has no broker, and so no dead letters: dqm jobs --state failed --queue ${name}`);

/** AMQP 0-9-1 tells neither the broker's policies nor what an exchange feeds: the file must name the queue. */
function amqpQueueName({ name, deadLetter }: AmqpQueueConfig): string {
  const set = 'set dead_letter_queue NAME in its section instead, the queue where they lie';
  switch (deadLetter?.kind) {
    case 'queue':
      return deadLetter.queue;
    case 'exchange':
      throw new UsageError(`queue ${name}: its dead_letter_exchange does not tell where the letters lie: ${set}`);
    case 'broker':
      throw new UsageError(
        `queue ${name}: with dead_letter broker only RabbitMQ's policy knows where the letters lie, and AMQP cannot read it: ${set}`,
      );
    case undefined:
      throw new UsageError(`queue ${name} names no dead-letter queue: set dead_letter_queue NAME in its section`);
    default:
      return deadLetter satisfies never;
  }
}
