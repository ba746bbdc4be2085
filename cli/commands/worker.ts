import type { Command } from 'commander';

import { command } from '../command.ts';
import { openContext, type CommonOptions } from '../context.ts';
import { keepYoungHeapSmall } from '../small-heap.ts';

export function workerCommand(program: Command): void {
  const worker = program.command('worker').description('runs jobs, or the commands of one render host');
  command(worker, 'jobs', 'workflows and completion tasks; any number of these may run', ['dqm worker jobs']).action(
    async (options: CommonOptions) => (await import('../worker.ts')).jobWorker(openContext(options)),
  );
  command(worker, 'gpu', 'on a render host: commands of listen_queue, one at a time for each realityserver_url', [
    'dqm worker gpu',
  ]).action(async (options: CommonOptions) => {
    // Memory of a render host is for RealityServer. Before all that a worker needs is loaded.
    keepYoungHeapSmall();
    await (await import('../worker.ts')).gpuWorker(openContext(options));
  });
}
