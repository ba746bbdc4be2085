import type { AmqpQueueConfig } from '../../lib/config/config.ts';
import { errorText } from '../../lib/log.ts';
import { basicAuthorization } from '../../lib/postback/destination.ts';

/** Where RabbitMQ's management plugin listens unless told otherwise. */
const PORT = 15_672;
const TLS_PORT = 15_671;
const LOOK_LIMIT_MS = 5_000;

/** The management interface of the broker that an `amqp://` or `amqps://` address leads to. */
export function managementOf(url: string): string {
  const { protocol, hostname } = new URL(url);
  return protocol === 'amqps:' ? `https://${hostname}:${TLS_PORT}` : `http://${hostname}:${PORT}`;
}

/**
 * What is to be said of a queue whose file says `dead_letter broker`; undefined when it has a target in the broker. Over
 * AMQP nobody can tell, so the management interface is asked.
 */
export async function missingBrokerTarget(
  { urls: [url], queue }: AmqpQueueConfig,
  management = managementOf(url),
): Promise<string | undefined> {
  try {
    if (await hasTarget(new URL(url), queue, management)) return undefined;
    return `dead_letter broker: RabbitMQ's queue ${queue} has no dead-letter target, so what is rejected would be lost; give it a policy with dead-letter-exchange, or set dead_letter_queue`;
  } catch (error) {
    return `dead_letter broker: ${management} could not be asked whether ${queue} has a dead-letter target (${errorText(error)}); without one, what is rejected is lost`;
  }
}

/** By its own arguments or by a policy. */
interface QueueAnswer {
  arguments?: Record<string, unknown>;
  effective_policy_definition?: Record<string, unknown>;
}

async function hasTarget(url: URL, queue: string, management: string): Promise<boolean> {
  const virtualHost = decodeURIComponent(url.pathname.slice(1)) || '/';
  const place = `${management}/api/queues/${encodeURIComponent(virtualHost)}/${encodeURIComponent(queue)}`;
  const answer = await fetch(place, {
    headers: { authorization: basicAuthorization(url) ?? '' },
    signal: AbortSignal.timeout(LOOK_LIMIT_MS),
  });
  if (!answer.ok) throw new Error(`it answered ${answer.status}`);
  const { arguments: own = {}, effective_policy_definition: policy = {} } = (await answer.json()) as QueueAnswer;
  return own['x-dead-letter-exchange'] !== undefined || policy['dead-letter-exchange'] !== undefined;
}
