import type { Command } from 'commander';

import { command } from '../command.ts';
import type { DemoOptions } from '../demo.ts';

export const demoCommand = (program: Command): Command =>
  command(
    program,
    'demo',
    'the whole path with a simulated RealityServer, brokers and emulators: nothing to configure',
    ['dqm demo', 'dqm demo --keep'],
  )
    .option('--keep', 'stay up afterwards, to look around')
    .action(async (options: DemoOptions) => (await import('../demo.ts')).demo(options));
