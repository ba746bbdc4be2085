import { z } from 'zod';

import { firstIssue, issueText, readWith } from '../../../../lib/contract/schema.ts';

const Parameters = z.object({ tiles: z.array(z.object({ width: z.number('must be a number') })) }, 'must be an object');

test.each([
  ['a field', { tiles: 7 }, /^\.tiles: /],
  ['a field of an item', { tiles: [{ width: 1 }, { width: 'two' }] }, /^\.tiles\[1\]\.width: must be a number$/],
  ['the whole', 'text', /^: must be an object$/],
])('a mistake in %s names its place', (_what, value, text) => {
  const read = readWith(Parameters, value);
  expect('issues' in read && issueText(firstIssue(read))).toMatch(text);
});

test('a good value is given as the schema reads it', () => {
  expect(readWith(z.coerce.number(), '7')).toEqual({ data: 7 });
});

test('what a user put into a schema may throw', () => {
  const schema = z.string().transform(() => {
    throw new Error('no such scene');
  });
  expect(readWith(schema, 'chair')).toEqual({ threw: 'no such scene' });
});

test('a schema of another make that names no mistake is believed', () => {
  const schema = { safeParse: () => ({ success: false as const, error: { issues: [] } }) };
  const read = readWith(schema, 'chair');
  expect('issues' in read && issueText(firstIssue(read))).toBe(': is invalid');
});
