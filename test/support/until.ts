import { setTimeout as delay } from 'node:timers/promises';

const LOOK_MS = 50;

/** What `look` gives once it gives something: for facts that nobody announces. Jest's own time limit ends it. */
export async function until<T>(look: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    await delay(LOOK_MS);
  }
}
