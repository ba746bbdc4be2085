import { Command } from 'commander';

import { candidates } from '../../../cli/complete.ts';
import { withJobFilter } from '../../../cli/job-filter.ts';
import { recentIds, rememberIds } from '../../../cli/recent-ids.ts';
import { aFolder } from '../../support/dqm-process.ts';
import { configText } from '../../support/a-config.ts';

const folder = aFolder();
const config = folder.file('realityserver.conf', configText({ dqm: `data_folder ${folder.path}/data` }));
afterAll(() => folder.remove());

function aProgram(): Command {
  const program = new Command('dqm');
  const option = ['--config <file>', 'the configuration', config] as const;
  withJobFilter(program.command('cancel [ids...]').option(...option));
  program
    .command('submit [file]')
    .option(...option)
    .option('--priority <priority>');
  program.command('worker').command('gpu');
  program.command('completion <shell>');
  return program;
}

const asked: string[][] = [];
beforeEach(() => void asked.splice(0));
const found = (...words: string[]) => candidates(aProgram(), words, (...of) => void asked.push(of));

beforeAll(() => rememberIds(`${folder.path}/data`, ['chair-1', "it's 100%", 'job:7']));

test.each([
  [[''], ['cancel', 'submit', 'worker', 'completion']],
  [['ca'], ['cancel']],
  [['worker', ''], ['gpu']],
  [['cancel', '--q'], ['--queue']],
  [['cancel', '--queue', ''], ['local']],
  [['cancel', '--state', 're'], ['rejected']],
  [
    ['cancel', '--error', 'Task'],
    ['TaskRejected', 'TaskUnavailable'],
  ],
  [['cancel', 'ch'], ['chair-1']],
  [
    ['cancel', 'chair-1', ''],
    ['chair-1', "it's 100%", 'job:7'],
  ],
  [['cancel', '--queue', 'local', 'job:'], ['job:7']],
  [
    ['submit', '--priority', 'high'],
    ['highest', 'high'],
  ],
  [['submit', ''], []],
  [['completion', 'z'], ['zsh']],
  [
    ['frobnicate', ''],
    ['cancel', 'submit', 'worker', 'completion'],
  ],
])('behind dqm %j may come %j', (words, expected) => {
  expect(found(...words)).toEqual(expected);
});

test('the engine is asked for ids where one may stand, and nowhere else', () => {
  found('cancel', '--queue', '');
  found('submit', '');
  expect(asked).toEqual([]);
  found('cancel', 'ch');
  expect(asked).toEqual([[`${folder.path}/data`, config]]);
});

test('a configuration that cannot be read completes nothing of it', () => {
  expect(candidates(aProgram(), ['cancel', '--config', '/nowhere.conf', '--queue', ''])).toEqual([]);
});

test('ids that were shown again come first, and old ones are forgotten', () => {
  const data = `${folder.path}/other`;
  rememberIds(data, ['a', 'b']);
  rememberIds(data, ['b', 'c']);
  expect(recentIds(data)).toEqual(['b', 'c', 'a']);
  rememberIds(
    data,
    Array.from({ length: 600 }, (_, index) => `n-${index}`),
  );
  expect(recentIds(data)).toHaveLength(500);
});
