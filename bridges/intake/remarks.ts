import type { Log } from '../../lib/log.ts';

/** Names come from producers: more than this many are not kept, and not told. */
const MOST_TOLD = 1_000;

/** What is said once in a queue, since a producer that does it does it always. */
export interface Remarks {
  unknownKeys(queue: string, keys: readonly string[]): void;
  withoutMessageId(queue: string): void;
}

export function createRemarks(log: Log): Remarks {
  const told = new Set<string>();
  const once = (key: string, tell: () => void): void => {
    if (told.has(key) || told.size >= MOST_TOLD) return;
    told.add(key);
    tell();
  };
  return {
    unknownKeys: (queue, keys) => {
      for (const key of keys) {
        once(`${queue} key ${key}`, () => log.warn('Unknown key in a message is ignored', { queue, key }));
      }
    },
    withoutMessageId: (queue) =>
      once(`${queue} no id`, () =>
        log.warn('A message has no message-id: were it delivered twice, it would run twice', { queue }),
      ),
  };
}
