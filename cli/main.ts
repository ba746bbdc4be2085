#!/usr/bin/env node
import { Command } from 'commander';

import { silenceAwsNotice } from '../lib/config/environment.ts';

import type { BridgeOptions } from './bridge.ts';
import type { CheckOptions } from './check.ts';
import type { ApproveOptions } from './approve.ts';
import { openContext, type CommonOptions } from './context.ts';
import type { DeadLettersOptions } from './dead-letters.ts';
import { EXIT_USAGE, failed } from './exit.ts';
import type { HistoryExportOptions } from './history-export.ts';
import type { JobOptions } from './job.ts';
import { withJobFilter, type JobFilterOptions } from './job-filter.ts';
import type { PauseOptions } from './pause.ts';
import type { PickOptions } from './pick-jobs.ts';
import type { ResultOptions } from './result.ts';
import type { RetryOptions } from './retry.ts';
import { COMPLETE } from './shell-scripts.ts';
import type { SubmitOptions } from './submit.ts';

// Each command is imported when it runs: the engine's clients and the worker's native part take a second to load.
silenceAwsNotice();

const DEFAULT_CONFIG = './realityserver.conf';

const program = new Command('dqm')
  .description('Durable queue manager for RealityServer: jobs from SQS and AMQP as durable workflows.')
  .version('0.1.0')
  .configureHelp({ showGlobalOptions: true })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE));

/** A command with the options that all take, and examples below its help. */
function command(parent: Command, nameAndArguments: string, description: string, examples: string[]): Command {
  return parent
    .command(nameAndArguments)
    .description(description)
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option('--json', 'JSON lines on standard output, and nothing else there')
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`);
}

const repeated = (value: string, before: string[] = []): string[] => [...before, value];

command(program, 'up', 'bridge, gateway, job worker, GPU worker and an embedded engine in one process', [
  'dqm up',
  'dqm up --config /etc/realityserver/realityserver.conf',
]).action(async (options: CommonOptions) => (await import('./up.ts')).up(openContext(options)));

command(program, 'demo', 'the whole path with a simulated RealityServer, brokers and emulators: nothing to configure', [
  'dqm demo',
  'dqm demo --keep',
])
  .option('--keep', 'stay up afterwards, to look around')
  .action(async (options: CommonOptions & { keep?: boolean }) => (await import('./demo.ts')).demo(options));

command(program, 'setup', 'prepares the namespace and checks engine, brokers, buckets and result store', [
  'dqm setup',
]).action(async (options: CommonOptions) => (await import('./setup.ts')).setup(openContext(options)));

command(program, 'check [files...]', 'tells what is wrong with the configuration, or with message files', [
  'dqm check',
  'dqm check job.json --queue renders',
  'dqm check --queue renders --limit 20',
  'dqm check --replay histories',
])
  .option('--queue <name>', 'judge the messages as this queue would')
  .option('--limit <number>', 'look at so many of the messages that wait in the queue, without taking them')
  .option('--force', 'look even where a look might send a message to the dead-letter queue')
  .option('--replay <folder>', 'whether the chains, as they are now, still fit the exported histories in it')
  .action(async (files: string[], options: CommonOptions & CheckOptions) =>
    (await import('./check.ts')).check(openContext(options), files, options),
  );

command(program, 'bridge', 'turns messages of the listen queue into workflows', [
  'dqm bridge',
  'dqm bridge --queue renders --queue nightly',
  'dqm bridge --all',
  'dqm bridge --dry-run --queue renders-copy',
])
  .option('--queue <name...>', 'these queues instead of listen_queue')
  .option('--all', 'every queue of the configuration that has a broker')
  .option('--dry-run', 'tell what the messages of a copy queue would become; start nothing')
  .action(async (options: CommonOptions & BridgeOptions) => {
    if (options.dryRun) return (await import('./dry-run.ts')).dryRun(openContext(options), options.queue ?? []);
    return (await import('./bridge.ts')).bridge(openContext(options), options);
  });

command(
  program,
  'gateway',
  "RealityServer's JSON-RPC and WebSocket, with submit, status, list and cancel of jobs in it",
  ['dqm gateway'],
).action(async (options: CommonOptions) => (await import('./gateway.ts')).gateway(openContext(options)));

const worker = program.command('worker').description('runs jobs, or the commands of one render host');
command(worker, 'jobs', 'workflows and completion tasks; any number of these may run', ['dqm worker jobs']).action(
  async (options: CommonOptions) => (await import('./worker.ts')).jobWorker(openContext(options)),
);
command(worker, 'gpu', 'on a render host: commands of listen_queue, one at a time for each realityserver_url', [
  'dqm worker gpu',
]).action(async (options: CommonOptions) => (await import('./worker.ts')).gpuWorker(openContext(options)));

command(program, 'submit [file]', 'puts jobs into a queue as a producer would; FILE or - holds one, or JSON lines', [
  'dqm submit --queue renders job.json --wait',
  'dqm submit --queue renders job.json --param width=1920 --param scene=chair.mi',
  'cat jobs.jsonl | dqm submit --queue renders -',
])
  .requiredOption('--queue <name>', 'the named queue')
  .option('--param <name=value>', 'sets one of the parameters, repeatable; VALUE is JSON, or else a text', repeated)
  .option('--job-id <id>', 'identity of the job; a second one of this id is a duplicate')
  .option('--priority <priority>', 'highest, high, normal, low, lowest, or 1 to 5')
  .option('--tenant <name>', 'whose job it is')
  .option('--wait', 'wait until all have ended; exit code 1 when one did not complete')
  .action(async (file: string | undefined, options: CommonOptions & SubmitOptions) =>
    (await import('./submit.ts')).submit(openContext(options), file ?? '-', options),
  );

withJobFilter(
  command(program, 'jobs', 'lists jobs, the newest first', ['dqm jobs', 'dqm jobs --state failed --since 12h']),
)
  .option('--limit <number>', 'at most so many', '50')
  .action(async (options: CommonOptions & JobFilterOptions & { limit: string }) => {
    const context = openContext(options);
    const [{ withClient }, { jobs }] = await Promise.all([import('./with-client.ts'), import('./jobs.ts')]);
    await withClient(context, (deps) => jobs(options, deps));
  });

command(program, 'approve <id>', 'approves what a chain waits for, or declines it', [
  'dqm approve turntable-7 --note "lighter, please, next time"',
  'dqm approve turntable-7 --decline',
])
  .option('--decline', 'instead of approving: the chain fails')
  .option('--note <text>', 'for whoever reads it')
  .option('--approval <name>', 'which one, where the chain waits for several')
  .action(async (id: string, options: CommonOptions & ApproveOptions) => {
    const context = openContext(options);
    const [{ withClient }, { approve }] = await Promise.all([import('./with-client.ts'), import('./approve.ts')]);
    await withClient(context, (deps) => approve(id, options, deps));
  });

command(program, 'queues', 'what waits, runs and failed in each queue, from broker and engine', ['dqm queues']).action(
  async (options: CommonOptions) => {
    const context = openContext(options);
    const [{ withClient }, { queues }] = await Promise.all([import('./with-client.ts'), import('./queues.ts')]);
    await withClient(context, (deps) => queues(options, deps, context));
  },
);

command(program, 'hosts', 'each render host: state, job, progress and faults, as it tells itself', [
  'dqm hosts',
]).action(async (options: CommonOptions) => {
  const context = openContext(options);
  const [{ withClient }, { hosts }] = await Promise.all([import('./with-client.ts'), import('./hosts.ts')]);
  await withClient(context, (deps) => hosts(options, deps));
});

command(program, 'pause', 'takes no more messages and gives out no more commands; what runs ends', [
  'dqm pause --queue renders',
  'dqm pause --host gpu-07',
])
  .option('--queue <name>', 'the named queue')
  .option('--host <name>', 'a render host, as dqm hosts shows it')
  .action(async (options: CommonOptions & PauseOptions) => {
    const context = openContext(options);
    const [{ withClient }, { pause }] = await Promise.all([import('./with-client.ts'), import('./pause.ts')]);
    await withClient(context, (deps) => pause(options, deps, context));
  });

command(program, 'resume', 'lets a paused queue or render host go on', ['dqm resume --queue renders'])
  .option('--queue <name>', 'the named queue')
  .option('--host <name>', 'a render host')
  .action(async (options: CommonOptions & PauseOptions) => {
    const context = openContext(options);
    const [{ withClient }, { resume }] = await Promise.all([import('./with-client.ts'), import('./pause.ts')]);
    await withClient(context, (deps) => resume(options, deps, context));
  });

withJobFilter(
  command(program, 'cancel [ids...]', 'cancels these jobs, or all that match, and says what each was doing', [
    'dqm cancel chair-1',
    'dqm cancel --queue renders --state waiting --dry-run',
  ]),
)
  .option('--dry-run', 'only tells which')
  .option('--yes', 'does not ask')
  .action(async (ids: string[], options: CommonOptions & PickOptions) => {
    const context = openContext(options);
    const [{ withClient }, { cancel }] = await Promise.all([import('./with-client.ts'), import('./cancel.ts')]);
    await withClient(context, (deps) => cancel(ids, options, deps));
  });

withJobFilter(
  command(
    program,
    'retry [ids...]',
    'goes on with failed jobs, a failed delivery without a GPU; sends rejected messages through intake again',
    [
      'dqm retry chair-1',
      'dqm retry --error TaskUnavailable --since 12h --dry-run',
      'dqm retry chair-1 --body corrected.json',
    ],
  ),
)
  .option('--body <file>', 'this message instead of the one that was wrong; - for standard input')
  .option('--render', 'all commands anew, of a completed job too')
  .option('--dry-run', 'only tells which')
  .option('--yes', 'does not ask')
  .action(async (ids: string[], options: CommonOptions & RetryOptions) => {
    const context = openContext(options);
    const [{ withClient }, { retry }] = await Promise.all([import('./with-client.ts'), import('./retry.ts')]);
    await withClient(context, (deps) => retry(ids, options, deps, context));
  });

command(program, 'job <id>', 'shows one job in full; ID is a workflow id, or its identity part', [
  'dqm job chair-1',
  'dqm job chair-1 --watch',
])
  .option('--watch', 'until it has ended; exit code 1 unless it completed')
  .action(async (id: string, options: CommonOptions & JobOptions) => {
    const context = openContext(options);
    const [{ withClient }, { job }] = await Promise.all([import('./with-client.ts'), import('./job.ts')]);
    await withClient(context, (deps) => job(id, options, deps));
  });

command(program, 'result <id>', 'writes the staged bytes of a job to a file, checked', [
  'dqm result chair-1',
  'dqm result chair-1 -o - > chair.png',
])
  .option('--step <n>', 'of a chain: the result of this command, from 0')
  .option('-o, --output <file>', 'where to; - for standard output. Default: named after the job')
  .action(async (id: string, options: CommonOptions & ResultOptions) => {
    const context = openContext(options);
    const [{ withClient }, { result }] = await Promise.all([import('./with-client.ts'), import('./result.ts')]);
    await withClient(context, (deps) => result(id, options, deps, context.config));
  });

const history = program.command('history').description('what the engine knows of a job');
command(history, 'export <id>', "writes a job's history as JSON, for dqm check --replay and Temporal's tools", [
  'dqm history export turntable-7 -o histories/turntable-7.json',
])
  .option('-o, --output <file>', 'where to; default: standard output')
  .action(async (id: string, options: CommonOptions & HistoryExportOptions) => {
    const context = openContext(options);
    const [{ withClient }, { historyExport }] = await Promise.all([
      import('./with-client.ts'),
      import('./history-export.ts'),
    ]);
    await withClient(context, (deps) => historyExport(id, options, deps));
  });

withJobFilter(
  command(
    program,
    'dead-letters',
    'lists the dead letters of a queue with their jobs, moves them back or deletes them',
    [
      'dqm dead-letters --queue renders',
      'dqm dead-letters --queue renders --drop-completed',
      'dqm dead-letters --queue renders --redrive --error TaskUnavailable',
    ],
  ),
)
  .option('--redrive', 'moves them back to their queue')
  .option('--drop-completed', 'deletes those whose job has completed since')
  .option('--dry-run', 'only tells which')
  .option('--yes', 'does not ask')
  .action(async (options: CommonOptions & DeadLettersOptions) => {
    const context = openContext(options);
    const [{ withClient }, { deadLetters }] = await Promise.all([
      import('./with-client.ts'),
      import('./dead-letters.ts'),
    ]);
    await withClient(context, (deps) => deadLetters(options, deps, context));
  });

program
  .command('completion <shell>')
  .description('prints the completion script of bash, zsh or fish')
  .addHelpText('after', '\nExamples:\n  $ source <(dqm completion bash)\n  $ dqm completion fish | source')
  .action(async (shell: string) => {
    process.stdout.write((await import('./completion.ts')).completion(shell));
  });

try {
  // Words that are being typed are no command line yet: they may be half an option.
  if (process.argv[2] === COMPLETE) {
    const found = (await import('./complete.ts')).candidates(program, process.argv.slice(3));
    process.stdout.write(found.map((each) => `${each}\n`).join(''));
  } else await program.parseAsync();
} catch (error) {
  const { exitCode, text } = failed(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = exitCode;
}
// All is closed; what a library left open, as a half-made connection, must not keep a stopped process.
process.exit();
