import { answerText, CommandError, failed, readRequest } from '../../../../lib/realityserver/json-rpc.ts';

test('a call keeps the text of its parts', () => {
  const text = '{"jsonrpc":"2.0","method":"echo","params":{"n":9007199254740993,"n":5.0},"id":"a\\"b"}';
  expect(readRequest(text)).toEqual({
    isArray: false,
    calls: [{ method: 'echo', parameters: '{"n":9007199254740993,"n":5.0}', id: '"a\\"b"', isVersion2: true }],
  });
});

test('what a call leaves out has a default', () => {
  expect(readRequest('{"method":"echo"}').calls).toEqual([
    { method: 'echo', parameters: '{}', id: 'null', isVersion2: false },
  ]);
});

test('an array holds calls, whatever their strings contain', () => {
  const { isArray, calls } = readRequest(
    '[ {"method":"a","params":{"s":"],\\"{["}} ,\n{"method":"b","params":[[1,2],{}]} ]',
  );
  expect(isArray).toBe(true);
  expect(calls.map(({ method, parameters }) => [method, parameters])).toEqual([
    ['a', '{"s":"],\\"{["}'],
    ['b', '[[1,2],{}]'],
  ]);
});

test('an empty array holds none', () => {
  expect(readRequest('[]')).toEqual({ isArray: true, calls: [] });
});

test.each([
  ['{', -32_700],
  ['', -32_700],
  ['1', -32_600],
  ['{}', -32_600],
  ['{"method":5}', -32_600],
  ['[1]', -32_600],
])('%j is refused with %i', (text, code) => {
  expect(() => readRequest(text)).toThrow(expect.objectContaining({ code }));
});

test('only JSON-RPC 2.0 names its version in the answer', () => {
  expect(answerText({ id: '1', isVersion2: true }, { result: '5.0' })).toBe('{"jsonrpc":"2.0","id":1,"result":5.0}');
  expect(answerText({ id: '1', isVersion2: false }, failed(new CommandError(-1, 'no')))).toBe(
    '{"id":1,"error":{"code":-1,"message":"no"}}',
  );
});
