import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = join(__dirname, '../..');
const pages = ['.', 'docs', 'examples'].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);
const textOf = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

/** Folders of the sources: a path that begins with another one is somebody else's. */
const folders = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
  .map(({ name }) => name);

/** `lib/pause.ts`, as pages name files and folders of the sources. */
const namedPaths = (text: string): string[] =>
  [...text.matchAll(/`([\w./-]+)`/g)].map(([, path]) => path ?? '').filter((path) => isOurs(path));

const isOurs = (path: string): boolean => path.includes('/') && folders.includes(path.split('/')[0] ?? '');

/** Where links without a host lead: page or file, and the heading behind `#`. */
function linksOf(page: string): { target: string; heading: string | undefined }[] {
  return [...textOf(page).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(([, path = '', heading]) => ({
    target: path === '' ? page : relative('.', join(dirname(page), path)),
    heading,
  }));
}

/** As GitHub names them. */
const headingsOf = (page: string): string[] =>
  [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );

test.each(pages)('every file and folder that %s names is there', (page) => {
  expect(namedPaths(textOf(page)).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test.each(pages)('every link of %s leads somewhere', (page) => {
  const dead = linksOf(page).filter(
    ({ target, heading }) =>
      !existsSync(join(ROOT, target)) || (heading !== undefined && !headingsOf(target).includes(heading)),
  );
  expect(dead).toEqual([]);
});

test('the pages name files and link to each other', () => {
  expect(namedPaths(textOf('ARCHITECTURE.md')).length).toBeGreaterThan(20);
  expect(pages.flatMap(linksOf).filter(({ heading }) => heading !== undefined).length).toBeGreaterThan(5);
});
