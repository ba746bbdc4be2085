import { readFileSync } from 'node:fs';

import { connect, credentials, type Channel, type ChannelModel } from 'amqplib';

import type { AmqpQueueConfig } from '../../lib/config/config.ts';
import { errorText } from '../../lib/log.ts';

/** Noticed this soon that the other end is gone; RabbitMQ's own default is 60 s. */
const HEARTBEAT_SECONDS = 20;
const CONNECT_LIMIT_MS = 10_000;

/** What no waiting mends: names, credentials or certificates are wrong. */
export class AmqpRefused extends Error {
  override readonly name = 'AmqpRefused';
}

/** Connects to one of the queue's addresses. Rejects with `AmqpRefused` for wrong credentials and certificates. */
export async function connectAmqp({ name, tls }: AmqpQueueConfig, url: string): Promise<ChannelModel> {
  const files = tlsFiles(name, tls);
  try {
    const connection = await connect(withHeartbeat(url), {
      timeout: CONNECT_LIMIT_MS,
      noDelay: true,
      clientProperties: { connection_name: `dqm ${name}` },
      ...files,
      // The certificate is who we are: RabbitMQ's SASL EXTERNAL.
      ...(files.cert && new URL(url).username === '' && { credentials: credentials.external() }),
    });
    // Every end is noticed by its `close` too; without a listener an `error` would end the process.
    connection.on('error', () => undefined);
    return connection;
  } catch (error) {
    const reason = errorText(error);
    const refusal = REFUSALS.find(({ pattern }) => pattern.test(`${(error as { code?: string }).code} ${reason}`));
    const place = shownAddress(url);
    if (!refusal) throw new Error(`${place}: ${reason}`, { cause: error });
    throw new AmqpRefused(`queue ${name}: ${place} ${refusal.means}, see ${refusal.directive} (${reason})`, {
      cause: error,
    });
  }
}

/** As RabbitMQ and TLS word them. */
const REFUSALS = [
  { pattern: /ACCESS[_-]REFUSED/, means: 'refuses the user, the password or the certificate', directive: 'url' },
  // amqplib does not pass the broker's own words on.
  {
    pattern: /NOT[_-]ALLOWED|Expected ConnectionOpenOk; got <ConnectionClose/,
    means: 'has no such virtual host, or not for this user',
    directive: 'url',
  },
  { pattern: /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/, means: 'has a certificate we do not trust', directive: 'ca_file' },
];

/** Scheme, host and port: never user, password or query. */
export function shownAddress(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

function withHeartbeat(url: string): string {
  const address = new URL(url);
  if (!address.searchParams.has('heartbeat')) address.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
  return address.href;
}

function tlsFiles(name: string, { caFile, certFile, keyFile }: AmqpQueueConfig['tls']) {
  try {
    return {
      ...(caFile !== undefined && { ca: [readFileSync(caFile)] }),
      ...(certFile !== undefined && { cert: readFileSync(certFile) }),
      ...(keyFile !== undefined && { key: readFileSync(keyFile) }),
    };
  } catch (error) {
    throw new AmqpRefused(`queue ${name}: ca_file, cert_file, key_file: ${errorText(error)}`, { cause: error });
  }
}

/** Makes sure that the queue is there, and its dead-letter queue: declared when missing and `declare on`, never redeclared. */
export async function ensureQueue(connection: ChannelModel, queue: AmqpQueueConfig): Promise<void> {
  const { deadLetter } = queue;
  if (queue.declare && deadLetter?.kind === 'queue' && !(await exists(connection, deadLetter.queue))) {
    await declare(connection, deadLetter.queue, {});
  }
  if (await exists(connection, queue.queue)) return;
  if (!queue.declare) {
    const advice = 'create it, or set declare on';
    throw new AmqpRefused(`queue ${queue.name}: RabbitMQ has no queue ${queue.queue}; ${advice}`);
  }
  await declare(connection, queue.queue, deadLetterArguments(deadLetter));
}

/** What the queue itself dead-letters, by its delivery limit say, goes where we send what is rejected. */
function deadLetterArguments(deadLetter: AmqpQueueConfig['deadLetter']): Record<string, string> {
  switch (deadLetter?.kind) {
    case 'queue':
      return { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': deadLetter.queue };
    case 'exchange':
      return { 'x-dead-letter-exchange': deadLetter.exchange, 'x-dead-letter-routing-key': deadLetter.routingKey };
    default:
      return {};
  }
}

const declare = (connection: ChannelModel, name: string, options: Record<string, string>): Promise<void> =>
  onOwnChannel(connection, async (channel) => {
    await channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum', ...options } });
  });

async function exists(connection: ChannelModel, name: string): Promise<boolean> {
  try {
    await onOwnChannel(connection, (channel) => channel.checkQueue(name));
    return true;
  } catch (error) {
    const { code } = error as { code?: number };
    if (code === NOT_FOUND) return false;
    if (code !== ACCESS_REFUSED) throw error;
    throw new AmqpRefused(`RabbitMQ gives this user no access to the queue ${name} (${errorText(error)})`, {
      cause: error,
    });
  }
}

/** AMQP 0-9-1's reply codes. */
const NOT_FOUND = 404;
const ACCESS_REFUSED = 403;

/** The broker closes a channel that asked for a queue that is not there. */
async function onOwnChannel<T>(connection: ChannelModel, work: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  const answer = await work(channel);
  await channel.close();
  return answer;
}

/** What the broker says of the queue, which is declared when it may be. Rejects when it is not there. */
export async function checkAmqpQueue(queue: AmqpQueueConfig): Promise<string> {
  const connection = await connectInTurn(queue);
  try {
    await ensureQueue(connection, queue);
    const { messageCount } = await onOwnChannel(connection, (channel) => channel.checkQueue(queue.queue));
    const deadLetters = queue.deadLetter?.kind ?? 'none, rejected messages are held in workflows';
    return `AMQP, ${messageCount} messages, dead letters: ${deadLetters}`;
  } finally {
    await connection.close();
  }
}

/** Messages that nobody has in hand. Rejects when the queue is not there. */
export async function amqpDepth(queue: AmqpQueueConfig): Promise<number> {
  const connection = await connectInTurn(queue);
  try {
    return (await onOwnChannel(connection, (channel) => channel.checkQueue(queue.queue))).messageCount;
  } finally {
    await connection.close();
  }
}

/** One attempt at each address; the first that answers. Rejects with what the last one said. */
export async function connectInTurn(queue: AmqpQueueConfig): Promise<ChannelModel> {
  let failure: unknown;
  for (const url of queue.urls) {
    try {
      return await connectAmqp(queue, url);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
