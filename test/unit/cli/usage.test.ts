import { Command } from 'commander';

import { approveCommand } from '../../../cli/commands/approve.ts';
import { bridgeCommand } from '../../../cli/commands/bridge.ts';
import { cancelCommand } from '../../../cli/commands/cancel.ts';
import { checkCommand } from '../../../cli/commands/check.ts';
import { completionCommand } from '../../../cli/commands/completion.ts';
import { deadLettersCommand } from '../../../cli/commands/dead-letters.ts';
import { historyCommand } from '../../../cli/commands/history.ts';
import { hostsCommand } from '../../../cli/commands/hosts.ts';
import { jobCommand } from '../../../cli/commands/job.ts';
import { jobsCommand } from '../../../cli/commands/jobs.ts';
import { pauseCommand } from '../../../cli/commands/pause.ts';
import { queuesCommand } from '../../../cli/commands/queues.ts';
import { resultCommand } from '../../../cli/commands/result.ts';
import { resumeCommand } from '../../../cli/commands/resume.ts';
import { retryCommand } from '../../../cli/commands/retry.ts';
import { submitCommand } from '../../../cli/commands/submit.ts';
import { failed } from '../../../cli/exit.ts';
import { inParallel } from '../../../lib/in-parallel.ts';
import { configText } from '../../support/a-config.ts';
import { aFolder } from '../../support/dqm-process.ts';

const folder = aFolder();
afterAll(() => folder.remove());

/** Nobody listens there: neither an engine nor a broker. */
const NOWHERE = '127.0.0.1:9';
const config = folder.file(
  'realityserver.conf',
  configText({
    aws: `region eu-west-1\n<user queue>\nname renders\nurl http://${NOWHERE}/1/renders\n</user>`,
    amqp: `<user queue>\nname nightly\nurl amqp://${NOWHERE}/\nqueue nightly\n</user>`,
    dqm: `temporal_address ${NOWHERE}`,
  }),
);

const COMMANDS = [
  approveCommand,
  bridgeCommand,
  cancelCommand,
  checkCommand,
  deadLettersCommand,
  historyCommand,
  hostsCommand,
  jobCommand,
  jobsCommand,
  pauseCommand,
  queuesCommand,
  resultCommand,
  resumeCommand,
  retryCommand,
  submitCommand,
];

/** How `dqm` ends with these words. */
async function ending(words: readonly string[]): Promise<ReturnType<typeof failed>> {
  const program = new Command('dqm').exitOverride();
  for (const addCommand of [...COMMANDS, completionCommand]) addCommand(program);
  for (const each of allCommands(program)) each.exitOverride().configureOutput({ writeErr: () => undefined });
  const error: unknown = await program.parseAsync(words, { from: 'user' }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return failed(error);
}

const allCommands = (program: Command): readonly Command[] =>
  program.commands.flatMap((each) => [each, ...allCommands(each)]);

const withConfig = (words: readonly string[]): string[] => [...words, '--config', config];

const FILTERED = [['jobs'], ['cancel'], ['retry'], ['dead-letters', '--queue', 'renders']];
const FILTERS = [
  [['--state', 'runing'], '--state runing: there is no such state', 'did you mean running?'],
  [['--state', 'all'], '--state all: there is no such state, but waiting, running,', ''],
  [['--error', 'TaskUnavailabel'], '--error TaskUnavailabel: no job fails so', 'did you mean TaskUnavailable?'],
  [['--error', 'timedout'], '--error timedout: no job fails so', 'did you mean TimedOut?'],
  [['--since', 'yesterday'], '--since yesterday: a duration such as 30m', ''],
  [['--since', '2026-13-01'], '--since 2026-13-01: a duration such as 30m', ''],
  [['--queue', 'a/b'], '--queue a/b: not the name of a queue', ''],
] as const;

interface Mistake {
  words: readonly string[];
  texts: readonly string[];
}

const mistake = (words: readonly string[], ...texts: string[]): Mistake => ({ words, texts });

const MISTAKES: Mistake[] = [
  ...FILTERED.flatMap((command) => FILTERS.map(([args, ...texts]) => mistake([...command, ...args], ...texts))),
  mistake(['jobs', '--limit', 'many'], '--limit many: a whole number from 1 to 10000'),
  mistake(['cancel'], 'say which jobs: IDs, or a filter'),
  mistake(['cancel', 'chair-1', '--state', 'waiting'], 'either IDs or filters, not both'),
  mistake(['retry'], 'say which jobs: IDs, or a filter'),
  mistake(['retry', 'chair-1', '--since', '1h'], 'either IDs or filters, not both'),
  mistake(['retry', 'chair-1', 'chair-2', '--body', '-'], '--body corrects one job: name it'),
  mistake(['retry', 'chair-1', '--body', 'nowhere.json'], 'cannot read nowhere.json'),
  mistake(['dead-letters'], 'say which queue: --queue NAME'),
  mistake(['dead-letters', '--queue', 'rendrs'], 'there is no queue rendrs', 'did you mean renders?'),
  mistake(['dead-letters', '--queue', 'local'], 'queue local has no broker'),
  mistake(['dead-letters', '--queue', 'nightly'], 'queue nightly names no dead-letter queue'),
  mistake(
    ['dead-letters', '--queue', 'renders', '--redrive', '--drop-completed'],
    'either --redrive or --drop-completed',
  ),
  ...['pause', 'resume'].flatMap((command) => [
    mistake([command], '--queue NAME', '--host NAME'),
    mistake([command, '--queue', 'renders', '--host', 'gpu-07'], 'name either a queue'),
    mistake([command, '--queue', 'rendrs'], 'there is no queue rendrs', 'did you mean renders?'),
  ]),
  mistake(['result', 'chair-1', '--step', 'first'], '--step first: a whole number from 0'),
  mistake(['result', 'chair-1', '--json', '-o', '-'], '--json and -o - both want standard output'),
  mistake(['submit', '--queue', 'rendrs'], 'there is no queue rendrs', 'did you mean renders?'),
  mistake(['submit', '--queue', 'renders', '--param', 'width'], '--param width: must be NAME=VALUE'),
  mistake(['bridge', '--queue', 'rendrs'], 'there is no queue rendrs', 'did you mean renders?'),
  mistake(['bridge', '--dry-run', '--queue', 'rendrs'], 'there is no queue rendrs', 'did you mean renders?'),
  mistake(['check', '--queue', 'rendrs'], 'there is no queue rendrs', 'did you mean renders?'),
  mistake(['check', '--queue', 'renders', '--limit', '0'], '--limit 0: a whole number from 1 to 1000'),
];

test.each(MISTAKES)('$words is found without an engine', async ({ words, texts }) => {
  const { exitCode, text } = await ending(withConfig(words));
  for (const part of texts) expect(text).toContain(part);
  expect(text.split('\n')).toHaveLength(1);
  expect(exitCode).toBe(2);
});

const message = folder.file('message.json', '{"command":"render_product"}');

test.each([
  [
    ['submit', '--queue', 'local', '--priority', 'urgent', message],
    'must be one of highest, high, normal, low, lowest',
  ],
  [['submit', '--queue', 'local', '--tenant', 'x'.repeat(65), message], 'must have at most 64 bytes'],
  [['submit', '--queue', 'local', '--job-id', 'a b', message], 'must be 1 to 200 of the characters'],
])('%j is found without an engine', async (words, part) => {
  const { exitCode, text } = await ending(withConfig(words));
  expect(text).toContain(`${words[3]}: ${part}`);
  expect(exitCode).toBe(2);
});

test('without an engine each command that asks it says so in one line, and has failed', async () => {
  const asking = [
    ['approve', 'chair-1'],
    ['cancel', 'chair-1'],
    ['cancel', '--state', 'waiting', '--dry-run'],
    ['dead-letters', '--queue', 'renders'],
    ['history', 'export', 'chair-1'],
    ['hosts'],
    ['job', 'chair-1'],
    ['job', 'chair-1', '--watch'],
    ['jobs'],
    ['pause', '--queue', 'renders'],
    ['pause', '--host', 'gpu-07'],
    ['queues'],
    ['result', 'chair-1'],
    ['resume', '--queue', 'renders'],
    ['retry', 'chair-1'],
    ['submit', '--queue', 'local', message],
  ];
  const endings = await inParallel(asking, 8, (words) => ending(withConfig(words)));
  const line = /^dqm: cannot reach the Temporal engine at 127\.0\.0\.1:9: .*$/;
  for (const one of endings) expect(one).toEqual({ exitCode: 1, text: expect.stringMatching(line) as string });
});

test('a shell that is nearly one is told which', async () => {
  expect(await ending(['completion', 'bahs'])).toMatchObject({
    exitCode: 2,
    text: expect.stringContaining('did you mean bash?') as string,
  });
});

test('a failure type of a chain of its own is no mistake', async () => {
  expect(await ending(withConfig(['jobs', '--error', 'SceneTooLarge']))).toMatchObject({
    exitCode: 1,
    text: expect.stringContaining('cannot reach the Temporal engine') as string,
  });
});
