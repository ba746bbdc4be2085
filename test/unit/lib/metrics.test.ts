import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { createMetrics } from '../../../lib/metrics.ts';

test('the page lists every metric, and no other', () => {
  const page = readFileSync(join(__dirname, '../../../docs/metrics.md'), 'utf8');
  const documented = [...page.matchAll(/^\| `(dqm_\w+)` \|/gm)].map(([, name]) => name);
  const names = createMetrics()
    .registry.getMetricsAsArray()
    .map(({ name }) => name);
  expect(new Set(documented)).toEqual(new Set(names));
});
