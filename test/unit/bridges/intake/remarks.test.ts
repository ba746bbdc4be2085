import { createRemarks } from '../../../../bridges/intake/remarks.ts';
import { aLog } from '../../../support/a-log.ts';

test('an unknown key is told once in a queue', () => {
  const log = aLog();
  const remarks = createRemarks(log);
  remarks.unknownKeys('renders', ['colour', 'size']);
  remarks.unknownKeys('renders', ['colour']);
  remarks.unknownKeys('nightly', ['colour']);
  remarks.withoutMessageId('renders');
  remarks.withoutMessageId('renders');
  expect(log.events.map(({ queue, key }) => [queue, key])).toEqual([
    ['renders', 'colour'],
    ['renders', 'size'],
    ['nightly', 'colour'],
    ['renders', undefined],
  ]);
});

test('a producer that makes up names does not fill the memory', () => {
  const log = aLog();
  const remarks = createRemarks(log);
  remarks.unknownKeys(
    'renders',
    Array.from({ length: 2_000 }, (_, index) => `key${index}`),
  );
  expect(log.events).toHaveLength(1_000);
});
