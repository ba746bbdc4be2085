import type { Command } from 'commander';

import { askEngine, command } from '../command.ts';
import type { CommonOptions } from '../context.ts';

export const queuesCommand = (program: Command): Command =>
  command(program, 'queues', 'what waits, runs and failed in each queue, from broker and engine', [
    'dqm queues',
  ]).action((options: CommonOptions) =>
    askEngine(options, async (deps, context) => (await import('../queues.ts')).queues(options, deps, context)),
  );
