import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { GLOBAL_DIRECTIVES, SECTIONS, WITHOUT_EFFECT, type SectionName } from '../../../../lib/config/directives.ts';
import { readText } from '../../../support/a-config.ts';

const page = readFileSync(join(__dirname, '../../../../docs/configuration.md'), 'utf8');

/** Headings and the first cells of their tables, without back-ticks. */
const chapters = new Map(
  page.split('\n### ').map((chapter) => {
    const [heading = '', ...lines] = chapter.replaceAll('`', '').split('\n');
    const cells = lines.flatMap((line) => /^\| ([a-z]\w* ?†?) \|/.exec(line)?.[1] ?? []);
    return [heading, cells.filter((cell) => cell !== 'directive')];
  }),
);

const chapterOf = (title: string): string[] => chapters.get(title) ?? chapters.get(`${title} †`) ?? [];

const marked = (name: string, section: SectionName): string =>
  name in (WITHOUT_EFFECT[section] ?? {}) ? `${name} †` : name;

test.each(Object.keys(SECTIONS) as SectionName[])(
  'every directive of %s is documented, with what it does today',
  (name) => {
    const { title, single, repeatable } = SECTIONS[name];
    const expected = [...single, ...repeatable].map((directive) => marked(directive, name));
    expect(chapterOf(title).sort()).toEqual(expected.sort());
  },
);

test('every global directive is documented', () => {
  expect(chapterOf('Global level')).toEqual([...GLOBAL_DIRECTIVES]);
});

test('containers without effect are marked', () => {
  const containers = Object.values(WITHOUT_EFFECT).flatMap((names) =>
    Object.keys(names).filter((name) => name.startsWith('<')),
  );
  const markedChapters = [...chapters.keys()].filter((heading) => heading.endsWith(' †'));
  expect(markedChapters.sort()).toEqual(containers.map((name) => `${name} †`).sort());
});

test('the first file of the page is valid as it stands', () => {
  const [, first = ''] = /## A first file\n\n```\n(.*?)```/s.exec(page) ?? [];
  const { config, warnings } = readText(first);
  expect(config.listenQueue).toBe('render_jobs');
  expect(warnings).toEqual([]);
});

test('the file of a render host is valid as it stands', () => {
  const hosts = readFileSync(join(__dirname, '../../../../docs/render-hosts.md'), 'utf8');
  const [, file = ''] = /```\n(<user queue_manager>.*?)```/s.exec(hosts) ?? [];
  const { config, warnings } = readText(file);
  expect(config.dqm.canaryCommand).toBe('render_canary');
  expect(warnings).toEqual([]);
});
