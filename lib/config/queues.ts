import { httpUrl } from './addresses.ts';
import { amqpQueue } from './amqp-queue.ts';
import type { QueueConfig, SqsQueueConfig } from './config.ts';
import { placeText, type Notes, type Place } from './notice.ts';
import { createSection, type Reading, type Section } from './section.ts';
import { maxWaitingJobs, oneOf, queueName } from './values.ts';

export interface Queues {
  configs: ReadonlyMap<string, QueueConfig>;
  /** Those that could not be read for another mistake too, so that it is not reported twice. */
  names: ReadonlySet<string>;
}

/** All named queues, whatever carries them; a name stands once. */
export function queuesOf(
  sections: { aws: Section<'aws'>; amqp: Section<'amqp'>; dqm: Section<'dqm'> },
  reading: Reading,
): Queues {
  const { aws, amqp, dqm } = sections;
  const configs = new Map<string, QueueConfig>();
  const places = new Map<string, Place>();

  const add = (name: string | undefined, place: Place, read: (name: string) => QueueConfig | undefined): void => {
    // A name of its own, or what else is wrong with a queue without one stays untold.
    const queue = read(name ?? '');
    if (name === undefined) return;
    const first = places.get(name);
    if (first) {
      reading.notes.mistake(place, `a queue named ${name} stands already at ${placeText(first)}`);
      return;
    }
    places.set(name, place);
    if (queue) configs.set(name, queue);
  };

  for (const container of aws.nested('queue')) {
    const section = createSection('sqs_queue', [container], reading, container);
    add(section.required('name', queueName), placeOfName(section), (name) => sqsQueue(name, section, reading.notes));
  }
  for (const container of amqp.nested('queue')) {
    const section = createSection('amqp_queue', [container], reading, container);
    add(section.required('name', queueName), placeOfName(section), (name) => amqpQueue(name, section, reading.notes));
  }
  for (const container of dqm.nested('queue')) {
    const section = createSection('direct_queue', [container], reading, container);
    add(section.required('name', queueName), placeOfName(section), (name) => ({ kind: 'direct', name }));
  }
  return { configs, names: new Set(places.keys()) };
}

const placeOfName = (section: Section<'sqs_queue'> | Section<'amqp_queue'> | Section<'direct_queue'>): Place =>
  section.placeOf('name') ?? section.place;

function sqsQueue(name: string, section: Section<'sqs_queue'>, notes: Notes): SqsQueueConfig | undefined {
  const url = section.required('url', httpUrl);
  const deadLetterUrl = section.one('dead_letter_url', httpUrl);
  const acknowledge = section.one('acknowledge', oneOf('on_start', 'on_completion')) ?? 'on_start';
  if (url !== undefined && url === deadLetterUrl) {
    notes.mistake(section.placeOf('dead_letter_url') ?? section.place, 'dead_letter_url is the queue itself');
  }
  const waiting = section.one('max_waiting_jobs', maxWaitingJobs) ?? 'auto';
  if (url === undefined) return undefined;
  return {
    kind: 'sqs',
    name,
    url,
    acknowledge,
    ...(deadLetterUrl !== undefined && { deadLetterUrl }),
    maxWaitingJobs: waiting,
  };
}
