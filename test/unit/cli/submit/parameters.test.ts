import { parametersOf, withParameters } from '../../../../cli/submit/parameters.ts';

const changed = (body: string, ...options: string[]): string =>
  withParameters(Buffer.from(body), parametersOf(options)).toString();

test('a parameter takes the place of the one of that name, the rest stays to the byte', () => {
  expect(changed('{ "command": "a",\n "parameters": {"width": 5.0, "big": 9007199254740993 } }', 'width=1920')).toBe(
    '{ "command": "a",\n "parameters": {"width": 1920, "big": 9007199254740993 } }',
  );
});

test.each([
  ['a number', 'v=5.0', '5.0'],
  ['an object', 'v={"r": 1.0}', '{"r": 1.0}'],
  ['a text', 'v=chair.mi', '"chair.mi"'],
  ['a text with quotes', 'v="8"', '"8"'],
  ['an equals sign in the value', 'v=a=b', '"a=b"'],
  ['nothing', 'v=', '""'],
])('%s is taken as it stands', (_name, option, value) => {
  expect(changed('{"command":"a","parameters":{}}', option)).toBe(`{"command":"a","parameters":{"v": ${value}}}`);
});

test.each(['{"command":"a"}', '{"command":"a","parameters":null}'])('%s gets parameters', (body) => {
  expect(JSON.parse(changed(body, 'a=1', 'b=2'))).toEqual({ command: 'a', parameters: { a: 1, b: 2 } });
});

test.each(['no JSON', '[1]', '{"command":"a","parameters":[1]}'])(
  '%s stays what it is, for intake to judge',
  (body) => {
    expect(changed(body, 'a=1')).toBe(body);
  },
);

test.each(['width', '=5'])('--param %s says how one is written', (option) => {
  expect(() => parametersOf([option])).toThrow(`--param ${option}: must be NAME=VALUE`);
});
