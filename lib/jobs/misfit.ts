import type { RawEvent } from './history.ts';

type Summary = NonNullable<NonNullable<RawEvent['userMetadata']>['summary']>;

/** A step that a chain has done and, changed since, would not do again. */
export interface Misfit {
  /** Number of the history's event. */
  event: number;
  /** What people know it by: the activity's summary. `null`: before its first step. */
  step: string | null;
}

/** Out of what the engine says of a history that the code does not fit; undefined: it names no event. */
export async function misfitIn(
  events: readonly RawEvent[],
  text: string,
  read: (summary: Summary) => unknown,
): Promise<Misfit | undefined> {
  const event = Number(/HistoryEvent\(id: (\d+)/.exec(text)?.[1]);
  const index = events.findIndex(({ eventId }) => Number(eventId) === event);
  if (index === -1) return undefined;
  // An event without a name of its own belongs to the step before it.
  const step = events.slice(0, index + 1).findLast((each) => isStep(each));
  return { event, step: (step && (await nameOf(step, read))) ?? null };
}

const isStep = (event: RawEvent): boolean =>
  Boolean(event.activityTaskScheduledEventAttributes ?? event.timerStartedEventAttributes);

async function nameOf(event: RawEvent, read: (summary: Summary) => unknown): Promise<string> {
  const summary = event.userMetadata?.summary;
  const shown = summary && (await read(summary));
  return typeof shown === 'string'
    ? shown
    : (event.activityTaskScheduledEventAttributes?.activityType?.name ?? 'a wait');
}

export const misfitText = ({ event, step }: Misfit): string => `at event ${event} (${step ?? 'before its first step'})`;
