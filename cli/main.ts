#!/usr/bin/env node
import { Command, Option } from 'commander';

import { silenceAwsNotice } from '../lib/config/environment.ts';

import { bridge } from './bridge.ts';
import { check } from './check.ts';
import { openContext, type CommonOptions } from './context.ts';
import { demo } from './demo.ts';
import { EXIT_USAGE, failed } from './exit.ts';
import { job } from './job.ts';
import { jobs } from './jobs.ts';
import { setup } from './setup.ts';
import { submit } from './submit.ts';
import { up } from './up.ts';
import { withClient } from './with-client.ts';
import { gpuWorker, jobWorker } from './worker.ts';

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

command(program, 'up', 'bridge, job worker, GPU worker and an embedded engine in one process', [
  'dqm up',
  'dqm up --config /etc/realityserver/realityserver.conf',
]).action((options: CommonOptions) => up(openContext(options)));

command(program, 'demo', 'the whole path with a simulated RealityServer, brokers and emulators: nothing to configure', [
  'dqm demo',
  'dqm demo --keep',
])
  .option('--keep', 'stay up afterwards, to look around')
  .action((options: CommonOptions & { keep?: boolean }) => demo(options));

command(program, 'setup', 'prepares the namespace and checks engine, brokers, buckets and result store', [
  'dqm setup',
]).action((options: CommonOptions) => setup(openContext(options)));

command(program, 'check [files...]', 'tells what is wrong with the configuration, or with message files', [
  'dqm check',
  'dqm check job.json --queue renders',
])
  .option('--queue <name>', 'judge the messages as this queue would')
  .action((files: string[], options: CommonOptions & { queue?: string }) =>
    check(openContext(options), files, options),
  );

command(program, 'bridge', 'turns messages of the listen queue into workflows', [
  'dqm bridge',
  'dqm bridge --queue renders --queue nightly',
  'dqm bridge --all',
])
  .option('--queue <name...>', 'these queues instead of listen_queue')
  .option('--all', 'every queue of the configuration that has a broker')
  .action((options: CommonOptions & { queue?: string[]; all?: boolean }) => bridge(openContext(options), options));

const worker = program.command('worker').description('runs jobs, or the commands of one render host');
command(worker, 'jobs', 'workflows and completion tasks; any number of these may run', ['dqm worker jobs']).action(
  (options: CommonOptions) => jobWorker(openContext(options)),
);
command(worker, 'gpu', 'on a render host: commands of listen_queue, one at a time for each realityserver_url', [
  'dqm worker gpu',
]).action((options: CommonOptions) => gpuWorker(openContext(options)));

command(program, 'submit [file]', 'puts a job into a queue as a producer would', [
  'dqm submit --queue renders job.json',
  'cat jobs.jsonl | dqm submit --queue renders -',
])
  .requiredOption('--queue <name>', 'the named queue')
  .option('--job-id <id>', 'identity of the job; a second one of this id is a duplicate')
  .option('--priority <priority>', 'highest, high, normal, low, lowest, or 1 to 5')
  .option('--tenant <name>', 'whose job it is')
  .action(
    (
      file: string | undefined,
      options: CommonOptions & { queue: string; jobId?: string; priority?: string; tenant?: string },
    ) => submit(openContext(options), file ?? '-', options),
  );

command(program, 'jobs', 'lists jobs, the newest first', ['dqm jobs', 'dqm jobs --state failed --queue renders'])
  .addOption(new Option('--state <state>', 'only jobs in this state'))
  .option('--queue <name>', 'only jobs of this queue')
  .option('--limit <number>', 'at most so many', '50')
  .action((options: CommonOptions & { state?: string; queue?: string; limit: string }) =>
    withClient(openContext(options), (deps) => jobs(options, deps)),
  );

command(program, 'job <id>', 'shows one job in full; ID is a workflow id, or its identity part', [
  'dqm job chair-1',
  'dqm job job/renders/chair-1 --json',
]).action((id: string, options: CommonOptions) => withClient(openContext(options), (deps) => job(id, options, deps)));

try {
  await program.parseAsync();
} catch (error) {
  const { exitCode, text } = failed(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = exitCode;
}
// All is closed; what a library left open, as a half-made connection, must not keep a stopped process.
process.exit();
