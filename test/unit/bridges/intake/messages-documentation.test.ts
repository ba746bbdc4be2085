import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { readMessage } from '../../../../lib/contract/job-message.ts';
import { aMessage, GOLDEN_BODY, someRules } from '../../../support/a-message.ts';

const page = readFileSync(join(__dirname, '../../../../docs/messages.md'), 'utf8');
const examples = [...page.matchAll(/^```json\n([^]*?)\n```$/gm)].map(([, body = '']) => body);

test.each(examples)('the documented message is accepted: %s', (body) => {
  expect(readMessage(aMessage({ body }), someRules())).toHaveProperty('job.unknownKeys', []);
});

test('the first example is the contract, byte for byte', () => expect(examples[0]).toBe(GOLDEN_BODY));
