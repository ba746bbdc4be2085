import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { cliDocumentation } from '../../support/cli-documentation.ts';

const FILE = join(__dirname, '../../../docs/cli.md');

/** `UPDATE_DOCUMENTATION=1` writes it anew. */
test('docs/cli.md says what the program says of itself', async () => {
  const text = await cliDocumentation();
  if (process.env['UPDATE_DOCUMENTATION']) writeFileSync(FILE, text);
  expect(readFileSync(FILE, 'utf8')).toBe(text);
}, 300_000);
