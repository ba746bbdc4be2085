import { amqpUrl } from './addresses.ts';
import type { AmqpQueueConfig } from './config.ts';
import type { Notes } from './notice.ts';
import type { Section } from './section.ts';
import { maxWaitingJobs, onOff, oneOf, path, text, wholeNumber } from './values.ts';

/** The field of the protocol has 16 bits. */
const HIGHEST_PREFETCH = 65_535;
const DEFAULT_PREFETCH = 100;

/** Undefined when it lacks what it cannot do without; that is noted. */
export function amqpQueue(name: string, section: Section<'amqp_queue'>, notes: Notes): AmqpQueueConfig | undefined {
  const [url, ...others] = section.all('url', amqpUrl).map(({ value }) => value);
  if (!section.placeOf('url')) notes.mistake(section.place, '<user queue> of <user amqp> needs url');
  const queue = section.required('queue', text);
  const exchange = section.one('exchange', text);
  const routingKey = section.one('routing_key', text);
  checkAcknowledge(section, notes);
  checkPublishing(section, notes);
  const tls = tlsOf(section, [url, ...others], notes);
  const deadLetter = deadLetterOf(section, queue, notes);
  const settings = {
    prefetch: section.one('prefetch', wholeNumber(1, HIGHEST_PREFETCH)) ?? DEFAULT_PREFETCH,
    declare: section.one('declare', onOff) ?? false,
    maxWaitingJobs: section.one('max_waiting_jobs', maxWaitingJobs) ?? 'auto',
  };
  if (url === undefined || queue === undefined) return undefined;
  return {
    kind: 'amqp',
    name,
    urls: [url, ...others],
    tls,
    queue,
    ...(exchange !== undefined && { exchange }),
    ...(routingKey !== undefined && { routingKey }),
    ...settings,
    ...(deadLetter && { deadLetter }),
  };
}

function checkAcknowledge(section: Section<'amqp_queue'>, notes: Notes): void {
  if (section.one('acknowledge', oneOf('on_start', 'on_completion')) !== 'on_completion') return;
  notes.mistake(
    section.placeOf('acknowledge') ?? section.place,
    'acknowledge on_completion works on SQS only: the broker cannot extend one delivery past its consumer_timeout',
  );
}

function checkPublishing(section: Section<'amqp_queue'>, notes: Notes): void {
  const place = section.placeOf('routing_key');
  if (place && !section.placeOf('exchange')) notes.mistake(place, 'routing_key needs exchange');
}

function tlsOf(
  section: Section<'amqp_queue'>,
  urls: readonly (string | undefined)[],
  notes: Notes,
): AmqpQueueConfig['tls'] {
  const caFile = section.one('ca_file', path);
  const certFile = section.one('cert_file', path);
  const keyFile = section.one('key_file', path);
  const cert = section.placeOf('cert_file');
  const key = section.placeOf('key_file');
  const alone = cert && key ? undefined : (cert ?? key);
  if (alone) notes.mistake(alone, 'cert_file and key_file belong together');
  const first = section.placeOf('ca_file') ?? cert ?? key;
  if (first && urls.every((url) => url?.toLowerCase().startsWith('amqp:'))) {
    notes.mistake(first, 'ca_file, cert_file and key_file need an amqps:// url');
  }
  return {
    ...(caFile !== undefined && { caFile }),
    ...(certFile !== undefined && { certFile }),
    ...(keyFile !== undefined && { keyFile }),
  };
}

function deadLetterOf(
  section: Section<'amqp_queue'>,
  ownQueue: string | undefined,
  notes: Notes,
): AmqpQueueConfig['deadLetter'] {
  const queue = section.one('dead_letter_queue', text);
  const exchange = section.one('dead_letter_exchange', text);
  const routingKey = section.one('dead_letter_routing_key', text);
  const broker = section.one('dead_letter', oneOf('broker'));
  checkDeadLetter(section, notes);
  if (queue !== undefined && queue === ownQueue) {
    notes.mistake(section.placeOf('dead_letter_queue') ?? section.place, 'dead_letter_queue is the queue itself');
  }
  if (queue !== undefined) return { kind: 'queue', queue };
  if (exchange !== undefined && routingKey !== undefined) return { kind: 'exchange', exchange, routingKey };
  return broker && { kind: 'broker' };
}

function checkDeadLetter(section: Section<'amqp_queue'>, notes: Notes): void {
  const stated = (['dead_letter_queue', 'dead_letter_exchange', 'dead_letter'] as const).flatMap((name) => {
    const place = section.placeOf(name);
    return place ? [{ name, place }] : [];
  });
  const [first, second] = stated;
  if (first && second) notes.mistake(second.place, `${first.name} and ${second.name} exclude each other`);
  const exchange = section.placeOf('dead_letter_exchange');
  const routingKey = section.placeOf('dead_letter_routing_key');
  const alone = exchange && routingKey ? undefined : (exchange ?? routingKey);
  if (alone) notes.mistake(alone, 'dead_letter_exchange and dead_letter_routing_key belong together');
}
