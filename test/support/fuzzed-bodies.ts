import { seededRandom } from '../../soak/random.ts';

import { GOLDEN_BODY } from './a-message.ts';

const GOOD = [
  GOLDEN_BODY,
  '{"command":"render_product"}',
  '{"command":"batch::turntable","parameters":{"big":9007199254740993,"e":1e400,"s":"\\ud83c\\udfa8 ${x}"},"tasks":null}',
  '{"command":"render_product","dqm":{"priority":"high","tenant":"acme"},"tasks":[{"name":"s3_upload","config":{"bucket":"b","key":"${job_id}"}}]}',
];

/** What breaks a reader: syntax, escapes, deep nesting, prototypes, numbers at their ends, control characters. */
const PIECES = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  '\\u0000',
  '\\ud800',
  '\u0000',
  '\uFEFF',
  '${',
  '${env:HOME}',
  '${message_id',
  'null',
  'true',
  '-0',
  '1e400',
  '"__proto__":{"a":1},',
  '"constructor":5,',
  '"tasks":[],',
  '"command":"format_disk",',
  '"dqm":{"job_id":""},',
  '"dqm":[],',
  '[[[[[[[[[[',
  '{"a":'.repeat(50),
  'é'.repeat(40),
  '\r\n\t',
  '../',
  ' '.repeat(300),
];

/** Endless, seeded: mutated good bodies, pieces of them joined, and noise. */
export function* fuzzedBodies(seed: number): Generator<Buffer> {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const oneOf = <T>(items: readonly T[]): T => items[below(items.length)] as T;

  const noise = (): Buffer => Buffer.from(Array.from({ length: below(200) }, () => below(256)));
  const joined = (): Buffer => Buffer.from(Array.from({ length: 1 + below(12) }, () => oneOf(PIECES)).join(''));
  const mutated = (): Buffer => {
    let bytes: Buffer = Buffer.from(oneOf(GOOD));
    for (let left = below(3); left >= 0; left -= 1) bytes = mutate(bytes);
    return bytes;
  };
  const mutate = (bytes: Buffer): Buffer => {
    const [from, to] = [below(bytes.length + 1), below(bytes.length + 1)].sort((one, other) => one - other) as [
      number,
      number,
    ];
    switch (below(6)) {
      case 0: // one byte is another
        return Buffer.concat([bytes.subarray(0, from), Buffer.of(below(256)), bytes.subarray(from + 1)]);
      case 1: // a part is missing
        return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
      case 2: // a part stands twice
        return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
      case 3: // something stands in between
        return Buffer.concat([bytes.subarray(0, from), Buffer.from(oneOf(PIECES)), bytes.subarray(from)]);
      default: // it stays as it is
        return bytes;
    }
  };

  for (;;) yield oneOf([mutated, mutated, mutated, joined, noise])();
}
