import { parseText, type Node } from '../../../../lib/config/grammar.ts';

/** Without places: `key=value`, `<name>[…]`, `?` for what is neither. */
function outline(nodes: readonly Node[]): string[] {
  return nodes.map((node) => {
    switch (node.kind) {
      case 'directive':
        return `${node.key}=${node.value}`;
      case 'container':
        return `${node.tag} ${node.name}[${outline(node.children).join(', ')}]`;
      default:
        return '?';
    }
  });
}

const parsed = (text: string) => parseText('/etc/a.conf', text);

test.each<[what: string, text: string, expected: string[]]>([
  ['a key, a space, a value', 'key value', ['key=value']],
  ['a value with spaces', 'key a b  c', ['key=a b  c']],
  ['several spaces or tabs before the value', 'key \t  value', ['key=value']],
  ['a key alone', 'key', ['key=']],
  ['keys in any case', 'Listen_QUEUE A', ['listen_queue=A']],
  ['leading white space is stripped', ' \t key value', ['key=value']],
  ['trailing white space is kept', 'key value \t', ['key=value \t']],
  ['blank lines', '\n  \n\t\nkey value\n\n', ['key=value']],
  ['a comment', '# key value', []],
  ['an indented comment', '   # key value', []],
  ['a # elsewhere belongs to the value', 'key a # b', ['key=a # b']],
  ['both kinds of line end', 'a 1\r\nb 2\nc 3\r\n', ['a=1', 'b=2', 'c=3']],
  ['a line that goes on', 'key a\\\nb', ['key=ab']],
  ['a line that goes on with CRLF', 'key a\\\r\n  b', ['key=a  b']],
  ['a line that goes on twice', 'key a\\\nb\\\nc\nd e', ['key=abc', 'd=e']],
  ['a key that goes on', 'ke\\\ny value', ['key=value']],
  ['white space that is leading only after joining', '\\\n  key value', ['key=value']],
  ['a \\ followed by white space joins nothing', 'a b\\ \nc d', ['a=b\\ ', 'c=d']],
  ['a \\ inside a line', 'path C:\\farm\\results', ['path=C:\\farm\\results']],
  ['a comment that goes on', '# a\\\nkey value\nb c', ['b=c']],
  ['a byte order mark', '\uFEFFkey value', ['key=value']],
  ['a # after joining', 'key \\\n# value', ['key=# value']],
  ['a container', '<user aws>\nkey value\n</user>', ['user aws[key=value]']],
  ['nested containers', '<user a>\n<user b>\nc d\n</user>\ne f\n</user>', ['user a[user b[c=d], e=f]']],
  ['tags in any case, with white space', '  <User  AWS >  \n</USER > ', ['user aws[]']],
  ['containers of others', '<location /x>\nkey value\n</location>', ['location /x[key=value]']],
  ['what is neither', 'allow-command x', ['?']],
  ['a tag with something after it', '<user aws> key', ['?']],
  ['an assignment', 'key=value', ['?']],
])('%s', (_what, text, expected) => {
  const { nodes, mistakes } = parsed(text);
  expect(outline(nodes)).toEqual(expected);
  expect(mistakes).toEqual([]);
});

test('a directive’s line is the first of those that were joined', () => {
  expect(parsed('# one\n\na b\\\nc\nd e').nodes).toMatchObject([
    { key: 'a', line: 3 },
    { key: 'd', line: 5 },
  ]);
});

test.each<[what: string, text: string, expected: string[]]>([
  ['a container that is never closed', 'a b\n<user dqm>\nc d', ['2: <user dqm> is never closed']],
  [
    'every container that is never closed',
    '<user aws>\n<user queue>',
    ['1: <user aws> is never closed', '2: <user queue> is never closed'],
  ],
  ['a tag that closes nothing', 'a b\n</user>', ['2: </user> closes nothing']],
  [
    'the wrong closing tag',
    '<user dqm>\n</location>\na b',
    ['2: </location> stands where </user> should close <user dqm> of /etc/a.conf:1'],
  ],
])('%s is a mistake', (_what, text, expected) => {
  expect(parsed(text).mistakes.map(({ line, message }) => `${line}: ${message}`)).toEqual(expected);
});

test('after a wrong closing tag the rest is read at the right depth', () => {
  expect(outline(parsed('<user dqm>\n</location>\na b').nodes)).toEqual(['user dqm[]', 'a=b']);
});

test.each<[what: string, text: string, value: string]>([
  ['without a line end', 'key value\\', 'value'],
  ['with one', 'key value\\\n', 'value'],
])('a trailing \\ at the end of the file, %s, is told', (_what, text, value) => {
  const { nodes, warnings } = parsed(text);
  expect(nodes).toMatchObject([{ key: 'key', value }]);
  expect(warnings).toEqual([{ file: '/etc/a.conf', line: 1, message: 'ends with a \\, but there is no line to join' }]);
});

test('a comment that swallows the next line is told', () => {
  expect(parsed('# results go to C:\\\nlisten_queue a').warnings).toMatchObject([{ line: 1 }]);
});
