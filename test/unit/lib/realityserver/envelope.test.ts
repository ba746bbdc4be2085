import { beginsAsEnvelope, mayBeEnvelope, readAnswer } from '../../../../lib/realityserver/envelope.ts';

const read = (text: string) => readAnswer(Buffer.from(text));

test.each([
  ['a result', '{"jsonrpc":"2.0","id":1,"result":{"a":1}}', '{"a":1}'],
  ['a result of JSON-RPC 1.0', '{"id":1,"result":"x","error":null}', '"x"'],
  ['an array of one', ' [ {"id":1,"result":[1]} ]', '[1]'],
  ['error code 0', '{"id":1,"result":7,"error":{"code":0,"message":"ok"}}', '7'],
  ['error code 0 without a result', '{"id":1,"error":{"code":0}}', 'null'],
  ['a member that comes twice', '{"id":1,"result":1,"result":2}', '2'],
  [
    'numbers no parser keeps',
    '{"id":1,"result":[9007199254740993, 5.0, -0, 1e400]}',
    '[9007199254740993, 5.0, -0, 1e400]',
  ],
  [
    'keys no parser keeps',
    '{"id":1,"result":{"2":0,"1":0,"__proto__":{},"1":1}}',
    '{"2":0,"1":0,"__proto__":{},"1":1}',
  ],
  ['an array inside', '{"result":[[{"id":[1]}]],"id":1}', '[[{"id":[1]}]]'],
])('%s is the exact text of the result', (_what, answer, result) => {
  expect(read(answer)).toEqual({ outcome: 'result', result });
});

test.each([
  ['an error', '{"id":1,"error":{"code":-32601,"message":"Unknown command"}}', 'Unknown command (code -32601)'],
  ['an error beside a result', '{"id":1,"result":null,"error":{"code":1,"message":"no"}}', 'no (code 1)'],
  ['an error in an array', '[{"id":1,"error":{"code":-1,"message":"no"}}]', 'no (code -1)'],
  ['an error without an id', '{"error":{"code":-32700,"message":"no JSON"}}', 'no JSON (code -32700)'],
  ['an error that is text', '{"id":1,"error":"out of memory"}', '"out of memory"'],
  ['an error without a message', '{"id":1,"error":{"code":5}}', '{"code":5} (code 5)'],
])('%s is an error with the server’s message', (_what, answer, message) => {
  expect(read(answer)).toEqual({ outcome: 'error', message });
});

test('a very long message is cut', () => {
  const answer = read(JSON.stringify({ id: 1, error: { code: 1, message: 'x'.repeat(100_000) } }));
  expect(answer.outcome === 'error' && answer.message.length).toBeLessThan(2_100);
});

test.each([
  '{}',
  '[]',
  '[1]',
  '{"id":1}',
  '{"result":1}',
  '{"error":{}}',
  '{"scene":{"result":1}}',
  '[[{"id":1,"result":1}]]',
])('%s is no answer but data of its own', (text) => {
  expect(read(text)).toEqual({ outcome: 'bytes' });
});

test.each(['', '{', '{"id":1,"result":', '{"id":1}{"id":2}', '[{"id":1},', '{"id":NaN}'])(
  '%j is broken JSON',
  (text) => {
    expect(read(text)).toEqual({ outcome: 'brokenJson' });
  },
);

test('what is not UTF-8 is broken JSON', () => {
  expect(readAnswer(Buffer.from([0x22, 0xff, 0x22]))).toEqual({ outcome: 'brokenJson' });
});

test.each([
  '{"jsonrpc":"2.0"',
  ' [ {\n"result" : 5',
  '{"error":',
  '{"id":1,"result":',
  '{ "id" : "a" , "error":',
  '{"id":null,"jsonrpc":',
])('%s begins as an answer', (head) => {
  expect(beginsAsEnvelope(Buffer.from(head))).toBe(true);
  expect(mayBeEnvelope(Buffer.from(head))).toBe(true);
});

test.each(['', ' ', '{', '[', '[{', '{"', '{}', '{"scene":1', '{"id":1,"scene":', '{"id":{"a":1},"result":'])(
  '%j may become an answer',
  (head) => {
    expect(beginsAsEnvelope(Buffer.from(head))).toBe(false);
    expect(mayBeEnvelope(Buffer.from(head))).toBe(true);
  },
);

test.each(['\u0089PNG', '{x', '{\u0000', '[1', '[[', '"text"', '{ [', 'GIF'])('%j becomes none', (head) => {
  expect(mayBeEnvelope(Buffer.from(head, 'latin1'))).toBe(false);
});
