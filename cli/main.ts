#!/usr/bin/env node
import { Command } from 'commander';

import { silenceAwsNotice } from '../lib/config/environment.ts';

import { approveCommand } from './commands/approve.ts';
import { bridgeCommand } from './commands/bridge.ts';
import { cancelCommand } from './commands/cancel.ts';
import { checkCommand } from './commands/check.ts';
import { completionCommand } from './commands/completion.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { demoCommand } from './commands/demo.ts';
import { gatewayCommand } from './commands/gateway.ts';
import { historyCommand } from './commands/history.ts';
import { hostsCommand } from './commands/hosts.ts';
import { jobCommand } from './commands/job.ts';
import { jobsCommand } from './commands/jobs.ts';
import { pauseCommand } from './commands/pause.ts';
import { queuesCommand } from './commands/queues.ts';
import { resultCommand } from './commands/result.ts';
import { resumeCommand } from './commands/resume.ts';
import { retryCommand } from './commands/retry.ts';
import { setupCommand } from './commands/setup.ts';
import { submitCommand } from './commands/submit.ts';
import { upCommand } from './commands/up.ts';
import { workerCommand } from './commands/worker.ts';
import { EXIT_USAGE, failed } from './exit.ts';
import { COMPLETE, REFRESH } from './shell-scripts.ts';

silenceAwsNotice();

const DASHED_ID = 'An ID that begins with a dash stands behind two dashes, as in: dqm job -- -chair\n';

const program = new Command('dqm')
  .description('Durable queue manager for RealityServer: jobs from SQS and AMQP as durable workflows.')
  .version('0.1.0')
  .configureHelp({ showGlobalOptions: true })
  .configureOutput({
    outputError: (text, write) => write(`${text}${/unknown option '-[^-]/.test(text) ? DASHED_ID : ''}`),
  })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE));

/**
 * As the help lists them. Each file says what a command takes, and imports what it does when it runs: the engine's
 * clients and the worker's native part take a second to load.
 */
const COMMANDS = [
  upCommand,
  demoCommand,
  setupCommand,
  checkCommand,
  bridgeCommand,
  gatewayCommand,
  workerCommand,
  submitCommand,
  jobsCommand,
  approveCommand,
  queuesCommand,
  hostsCommand,
  pauseCommand,
  resumeCommand,
  cancelCommand,
  retryCommand,
  jobCommand,
  resultCommand,
  historyCommand,
  deadLettersCommand,
  completionCommand,
];
for (const addCommand of COMMANDS) addCommand(program);

try {
  // Words that are being typed are no command line yet: they may be half an option.
  if (process.argv[2] === COMPLETE) {
    const found = (await import('./complete.ts')).candidates(program, process.argv.slice(3));
    process.stdout.write(found.map((each) => `${each}\n`).join(''));
  } else if (process.argv[2] === REFRESH) {
    await (await import('./refresh-ids.ts')).refreshIds(process.argv[3] ?? '');
  } else await program.parseAsync();
} catch (error) {
  const { exitCode, text } = failed(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = exitCode;
}
// All is closed; what a library left open, as a half-made connection, must not keep a stopped process.
process.exit();
