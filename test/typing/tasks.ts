/** What must not compile in a task of one's own; see chains.ts. */
import { defineTask, TaskUnavailable } from 'durable-queue-manager/tasks';
import { z } from 'zod';

const config = z.object({ path: z.string() });

export const looksIntoItsConfig = defineTask({
  config,
  run: async ({ config, settings }) => {
    // @ts-expect-error the schema has no such field
    config.folder satisfies unknown;
    // @ts-expect-error a setting that is not configured is undefined
    settings['token'] satisfies string;
    return config.path;
  },
});

// @ts-expect-error a destination is a text
export const givesANumber = defineTask({ config, run: async () => 201 });

// @ts-expect-error nothing says what it does
export const doesNothing = defineTask({ config });

// @ts-expect-error a zod schema checks it
export const checksNothing = defineTask({ config: { path: 'a' }, run: async () => undefined });

// @ts-expect-error milliseconds
export const busy = new TaskUnavailable('busy', { retryAfterMs: '1m' });
