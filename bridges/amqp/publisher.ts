import type { ChannelModel, ConfirmChannel, Options } from 'amqplib';

/** It cannot be published: nothing is bound there, no such exchange, no access, its queue is full, its headers are too large, or an alarm is on. */
export class PublishRefused extends Error {
  override readonly name = 'PublishRefused';
}

/** A memory or disk alarm is on: it passes. */
export class PublishBlocked extends PublishRefused {}

export interface Publication {
  /** The default one: an empty text. */
  exchange: string;
  routingKey: string;
  content: Buffer;
  options: Options.Publish & { messageId: string };
}

export interface Publisher {
  /** Settles when the broker has stored it in a queue. Rejects with `PublishRefused`, or when the connection ends. */
  publish(publication: Publication): Promise<void>;
}

/** One channel for all, a new one after the broker has closed the last for a publication it refused. */
export function createPublisher(connection: ChannelModel): Publisher {
  let open: Promise<Confirming> | undefined;
  const alarm = watchAlarm(connection);

  const openChannel = async (): Promise<Confirming> => {
    const channel = await connection.createConfirmChannel();
    const confirming: Confirming = { channel, returned: new Set(), failure: undefined };
    channel
      .on('return', ({ properties }) => confirming.returned.add(String(properties.messageId)))
      .on('error', (error: Error) => (confirming.failure = error))
      .once('close', () => (open = undefined));
    return confirming;
  };

  return {
    publish: async (publication) => {
      open ??= openChannel().catch((error: unknown) => {
        open = undefined;
        throw error;
      });
      await alarm.unlessBlocked(publishOn(await open, publication));
    },
  };
}

/**
 * A broker with a memory or disk alarm reads nothing more from a connection that publishes, and says so at the first
 * attempt. What is on its way then may still arrive when the alarm is over.
 */
function watchAlarm(connection: ChannelModel): { unlessBlocked(publishing: Promise<void>): Promise<void> } {
  let alarm: PublishBlocked | undefined;
  const waiting = new Set<(alarm: PublishBlocked) => void>();
  connection
    .on('blocked', (reason: string) => {
      alarm = new PublishBlocked(`the broker takes nothing now: ${reason}`);
      for (const giveUp of waiting) giveUp(alarm);
    })
    .on('unblocked', () => (alarm = undefined));
  return {
    unlessBlocked: (publishing) =>
      new Promise((resolve, reject) => {
        waiting.add(reject);
        if (alarm) reject(alarm);
        publishing.then(resolve, reject).finally(() => waiting.delete(reject));
      }),
  };
}

interface Confirming {
  channel: ConfirmChannel;
  /** Message ids that could not be routed: RabbitMQ sends them back, and confirms them all the same. */
  returned: Set<string>;
  /** Why the broker has closed the channel. */
  failure: Error | undefined;
}

const publishOn = (confirming: Confirming, { exchange, routingKey, content, options }: Publication): Promise<void> =>
  new Promise((resolve, reject) => {
    const { channel, returned } = confirming;
    const confirmed = (error: Error | null): void => {
      const target = exchange === '' ? `queue ${routingKey}` : `exchange ${exchange} with key ${routingKey}`;
      if (returned.delete(options.messageId)) return reject(new PublishRefused(`nothing takes it: no ${target}`));
      if (!error) return resolve();
      const { failure } = confirming;
      if (failure) return reject(new PublishRefused(failure.message, { cause: failure }));
      if (error.message === NACKED) return reject(new PublishRefused(`${target} does not take it now`));
      reject(error);
    };
    try {
      channel.publish(exchange, routingKey, content, { ...options, persistent: true, mandatory: true }, confirmed);
    } catch (error) {
      // amqplib has no room for the headers, and has sent nothing.
      if (!(error instanceof RangeError)) throw error;
      reject(new PublishRefused(error.message, { cause: error }));
    }
  });

/** amqplib's own words for the broker's "no". */
const NACKED = 'message nacked';
