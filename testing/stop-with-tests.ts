import { createRequire } from 'node:module';

import { environment } from '../lib/config/environment.ts';

type Hook = (work: () => Promise<void>) => void;

/** After the last test of the file: jest and vitest with `globals` have a global `afterAll`, `node --test` its own hook. */
export function stopWithTests(stop: () => Promise<void>): void {
  const { afterAll } = globalThis as { afterAll?: Hook };
  if (afterAll) return afterAll(stop);
  // Whoever imports node:test outside of a test run gets a report about nothing.
  if (environment()['NODE_TEST_CONTEXT'] === undefined) return;
  const { after } = createRequire(import.meta.url)('node:test') as { after: Hook };
  after(stop);
}
