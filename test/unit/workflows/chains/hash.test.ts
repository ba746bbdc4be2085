import { createHash } from 'node:crypto';

import { sha256 } from '../../../../workflows/chains/hash.ts';

test.each(['', 'chair', 'Größe 多', '\ud83d\ude80 and half of one: \ud83d', 'x'.repeat(1_000)])(
  'the hash of %j in the sandbox is the one that Node gives',
  (text) => {
    expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'));
  },
);
