import { createOutput, jsonLine, type OutputStream } from '../../../../cli/output/output.ts';
import { paint } from '../../../../cli/output/colour.ts';

function aStream(changes: Partial<OutputStream> = {}) {
  let broken: ((error: NodeJS.ErrnoException) => void) | undefined;
  const stream: OutputStream = {
    isTTY: true,
    columns: 120,
    write: () => true,
    on: (_event, listener) => (broken = listener),
    ...changes,
  };
  return { stream, breakWith: (code: string) => broken?.(Object.assign(new Error(code), { code })) };
}

const outputTo = (changes: Partial<OutputStream>, env: NodeJS.ProcessEnv = {}, json = false) =>
  createOutput({ json, env, stream: aStream(changes).stream });

test('a terminal has colour and its own width', () => {
  expect(outputTo({})).toMatchObject({ colour: true, columns: 120 });
});

test.each<[string, NodeJS.ProcessEnv, boolean, Partial<OutputStream>]>([
  ['with NO_COLOR', { NO_COLOR: '1' }, false, {}],
  ['on a dumb terminal', { TERM: 'dumb' }, false, {}],
  ['in JSON', {}, true, {}],
  ['in a pipe', {}, false, { isTTY: false }],
])('there is no colour %s', (_name, env, json, stream) => {
  expect(outputTo(stream, env, json).colour).toBe(false);
});

test('an empty NO_COLOR says nothing', () => {
  expect(outputTo({}, { NO_COLOR: '' }).colour).toBe(true);
});

test.each([
  [20, 60],
  [500, 200],
])('a terminal of %i columns is written as one of %i', (columns, expected) => {
  expect(outputTo({ columns }).columns).toBe(expected);
});

test('a pipe has all the room', () => {
  expect(outputTo({ isTTY: false, columns: 80 }).columns).toBe(200);
});

test('a reader that has seen enough is no failure, a full disk is one', () => {
  const { stream, breakWith } = aStream();
  createOutput({ json: false, env: {}, stream });
  expect(() => breakWith('EPIPE')).not.toThrow();
  expect(() => breakWith('ENOSPC')).toThrow('ENOSPC');
});

test('paint colours only where the output may', () => {
  expect(paint({ colour: true }, 'red', 'failed')).toBe('\u001b[31mfailed\u001b[39m');
  expect(paint({ colour: false }, 'red', 'failed')).toBe('failed');
});

test('a JSON line is one line', () => {
  expect(jsonLine({ text: 'a\nb' })).toBe('{"text":"a\\nb"}\n');
});
