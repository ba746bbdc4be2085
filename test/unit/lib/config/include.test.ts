import { readDocument, type Entry } from '../../../../lib/config/include.ts';

function document(files: Record<string, string>, folders: Record<string, string[]> = {}) {
  const read = (path: string): Entry => {
    const text = files[path];
    const folder = folders[path];
    if (text !== undefined) return { kind: 'file', text };
    return folder ? { kind: 'folder', files: folder } : { kind: 'unreadable', reason: 'no such file' };
  };
  const { nodes, mistakes } = readDocument('/etc/main.conf', read);
  return {
    keys: nodes.map((node) => (node.kind === 'directive' ? node.key : node.kind)),
    nodes,
    mistakes: mistakes.map(({ file, line, message }) => `${file}:${line}: ${message}`),
  };
}

test('an included file stands in the place of its line', () => {
  const { keys, nodes, mistakes } = document({
    '/etc/main.conf': 'a 1\nInclude more/b.conf\nc 3',
    '/etc/more/b.conf': '\nb 2',
  });
  expect(keys).toEqual(['a', 'b', 'c']);
  expect(nodes[1]).toMatchObject({ file: '/etc/more/b.conf', line: 2 });
  expect(mistakes).toEqual([]);
});

test('a relative path belongs to the including file', () => {
  const { keys } = document({
    '/etc/main.conf': 'include more/b.conf',
    '/etc/more/b.conf': 'include ../c.conf',
    '/etc/c.conf': 'include /opt/d.conf',
    '/opt/d.conf': 'd 4',
  });
  expect(keys).toEqual(['d']);
});

test('a folder stands for its files in their order', () => {
  const { keys } = document(
    { '/etc/main.conf': 'include conf.d\nz 1', '/etc/conf.d/10.conf': 'b 1', '/etc/conf.d/9.conf': 'a 1' },
    { '/etc/conf.d': ['/etc/conf.d/10.conf', '/etc/conf.d/9.conf'] },
  );
  expect(keys).toEqual(['b', 'a', 'z']);
});

test('inside a container it is a directive of that container’s', () => {
  const { nodes, mistakes } = document({ '/etc/main.conf': '<user web>\ninclude b.conf\n</user>' });
  expect(nodes).toMatchObject([{ name: 'web', children: [{ key: 'include', value: 'b.conf' }] }]);
  expect(mistakes).toEqual([]);
});

test.each<[what: string, files: Record<string, string>, mistake: string]>([
  [
    'a missing file',
    { '/etc/main.conf': 'a 1\ninclude b.conf' },
    '/etc/main.conf:2: include: cannot read "/etc/b.conf": no such file',
  ],
  ['a missing path', { '/etc/main.conf': 'include' }, '/etc/main.conf:1: include needs a path'],
  ['a missing main file', {}, '/etc/main.conf:1: cannot be read: no such file'],
  [
    'a file that includes itself',
    { '/etc/main.conf': 'include ./main.conf' },
    '/etc/main.conf:1: include: cannot read "/etc/main.conf": it includes itself: /etc/main.conf -> /etc/main.conf',
  ],
  [
    'a cycle',
    { '/etc/main.conf': 'include b.conf', '/etc/b.conf': '\ninclude c.conf', '/etc/c.conf': 'include b.conf' },
    '/etc/c.conf:1: include: cannot read "/etc/b.conf": it includes itself: /etc/b.conf -> /etc/c.conf -> /etc/b.conf',
  ],
  [
    'an address with credentials, which stays untold',
    { '/etc/main.conf': 'include https://user:hunter2@host/x' },
    '/etc/main.conf:1: include: cannot read (not shown): no such file',
  ],
])('%s is a mistake', (_what, files, mistake) => {
  expect(document(files).mistakes).toEqual([mistake]);
});

test('a folder that holds the including file is a cycle', () => {
  const { mistakes } = document({ '/etc/main.conf': 'include .' }, { '/etc': ['/etc/main.conf'] });
  expect(mistakes).toEqual([
    '/etc/main.conf:1: include: cannot read "/etc/main.conf": it includes itself: /etc/main.conf -> /etc/main.conf',
  ]);
});

test('a file may be included twice', () => {
  const { keys, mistakes } = document({ '/etc/main.conf': 'include b.conf\ninclude b.conf', '/etc/b.conf': 'b 1' });
  expect(keys).toEqual(['b', 'b']);
  expect(mistakes).toEqual([]);
});

test('files that include the next one twice each come to an end', () => {
  const files = Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => [
      `/etc/${index}.conf`,
      `include ${index + 1}.conf\ninclude ${index + 1}.conf`,
    ]),
  );
  const { mistakes } = document({ ...files, '/etc/30.conf': '', '/etc/main.conf': 'include 0.conf' });
  expect(mistakes).toHaveLength(1);
  expect(mistakes[0]).toContain('include: more than 1000 files');
});
