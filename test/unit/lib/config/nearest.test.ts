import { nearest, nearMiss } from '../../../../lib/config/nearest.ts';

const KNOWN = ['allow_command', 'listen_queue', 'url', 'sqs', 'prefetch'];

test.each([
  ['alow_command', 'allow_command'],
  ['allow_comamnd', 'allow_command'],
  ['allowed_commands', 'allow_command'],
  ['ALLOW_COMMAND', 'allow_command'],
  ['uri', 'url'],
  ['visibility', undefined],
])('the nearest of %s is %s', (name, expected) => {
  expect(nearest(name, KNOWN)).toBe(expected);
});

test.each([
  ['listen_quueue', 'listen_queue'],
  ['listen_queus', 'listen_queue'],
  ['allow_commands', 'allow_command'],
  ['allowed_commands', undefined],
  ['prefetch_size', undefined],
  ['sns', undefined],
])('a near miss of %s is %s', (name, expected) => {
  expect(nearMiss(name, KNOWN)).toBe(expected);
});
