import fc from 'fast-check';

import {
  elementTexts,
  memberText,
  tooDeepMember,
  withMember,
  withoutMember,
} from '../../../../lib/contract/json-text.ts';

const EXACT = '{"a":9007199254740993,"b":5.0,"c":-0,"d":1e400,"2":1,"1":2,"a":[ 1.10 ]}';

test("a member's text is what stood there, to the digit and the space", () => {
  const text = ` { "command" : "x", "parameters" :  ${EXACT} , "tasks":[]}\n`;
  expect(memberText(text, 'parameters')).toBe(EXACT);
  expect(memberText(text, 'command')).toBe('"x"');
  expect(memberText(text, 'tasks')).toBe('[]');
});

test.each([
  ['the last of duplicate names counts', '{"a":1,"a":2}', '2'],
  ['a name may hold escapes', '{"\\u0061":3}', '3'],
  ['a byte order mark and white space may come first', '\uFEFF\n\t {"a":4}', '4'],
  ['brackets and quotes inside strings are text', '{"b":"}\\"]{","a":"x\\\\","c":1}', '"x\\\\"'],
  ['a nested member of that name is another', '{"b":{"a":1},"a":null}', 'null'],
  ['a number ends at white space', '{"a":-1.5e3 }', '-1.5e3'],
])('%s', (_rule, text, value) => {
  expect(memberText(text, 'a')).toBe(value);
});

test('a name that is not there has no text, nor one of the prototype', () => {
  expect(memberText('{"a":1}', 'b')).toBeUndefined();
  expect(memberText('{}', 'constructor')).toBeUndefined();
});

test('members are those that JSON.parse sees, whatever the object', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 1, 2), (object, indent) => {
      const text = JSON.stringify(object, undefined, indent);
      for (const [name, value] of Object.entries(object)) {
        expect(JSON.parse(memberText(text, name) ?? '')).toEqual(JSON.parse(JSON.stringify(value)));
      }
    }),
  );
});

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

test('nesting beyond the limit is found by member, however deep it is', () => {
  expect(tooDeepMember(`{"a":1,"b":${nested(1_000)}}`, 1_000)).toBeUndefined();
  expect(tooDeepMember(`{"a":1,"b":${nested(1_001)}}`, 1_000)).toBe('b');
  expect(tooDeepMember(`{"b":"${nested(2_000)}"}`, 1_000)).toBeUndefined();
  const deep = `{"parameters":${nested(200_000)}}`;
  expect(tooDeepMember(deep, 1_000)).toBe('parameters');
  expect(memberText(deep, 'parameters')).toHaveLength(400_000);
});

test.each([
  ['[]', []],
  [' [ 1.10 , "],[" ,{"a":[2,3]}\n, [ ] ] ', ['1.10', '"],["', '{"a":[2,3]}', '[ ]']],
])('the elements of %s keep their texts', (text, elements) => {
  expect(elementTexts(text)).toEqual(elements);
});

test('a member set is the one that JSON.parse sees then, and no other changes', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.string(),
      fc.constantFrom(0, 2),
      (object, name, indent) => {
        const text = JSON.stringify(object, undefined, indent);
        const changed = JSON.parse(withMember(text, name, '[5.0]')) as object;
        expect(Object.entries(changed).filter(([other]) => other !== name)).toEqual(
          Object.entries(JSON.parse(text) as object).filter(([other]) => other !== name),
        );
        expect(memberText(withMember(text, name, '[5.0]'), name)).toBe('[5.0]');
      },
    ),
  );
});

test('an object without a member keeps the texts of the others', () => {
  expect(withoutMember('{ "a" : 1.10, "b":2, "\\u0061": [3], "c": {"a": 4} }', 'a')).toBe('{"b":2,"c": {"a": 4}}');
  expect(withoutMember('{"a":1}', 'a')).toBe('{}');
});
