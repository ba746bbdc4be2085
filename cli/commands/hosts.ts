import type { Command } from 'commander';

import { askEngine, command } from '../command.ts';
import type { CommonOptions } from '../context.ts';

export const hostsCommand = (program: Command): Command =>
  command(program, 'hosts', 'each render host: state, job, progress and faults, as it tells itself', [
    'dqm hosts',
  ]).action((options: CommonOptions) =>
    askEngine(options, async (deps) => (await import('../hosts.ts')).hosts(options, deps)),
  );
