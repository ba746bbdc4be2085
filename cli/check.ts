import { readFile } from 'node:fs/promises';

import { errorText } from '../lib/log.ts';

import { checkCompletions } from './check-completions.ts';
import { UsageError, type Context } from './context.ts';
import type { WaitingOptions } from './check-waiting.ts';
import { createJudge, tell } from './judge.ts';
import { jsonLine } from './output/output.ts';
import { queueNamed } from './queue-named.ts';

export interface CheckOptions extends WaitingOptions {
  /** A folder of exported histories. */
  replay?: string;
}

/**
 * `dqm check`: the configuration was read to get here; then message files, or waiting messages of a queue, as intake would
 * judge them. Exit code 1 when one would be rejected.
 */
export async function check(context: Context, files: readonly string[], options: CheckOptions): Promise<void> {
  const { config, output } = context;
  const { queue: name, limit } = options;
  const queue = name === undefined ? (config.listenQueue ?? 'none') : queueNamed(config, name).name;
  if (options.replay !== undefined) {
    if (files.length > 0) throw new UsageError('either message files, or histories with --replay, not both');
    // The worker's native part takes long to load.
    return (await import('./check-replay.ts')).checkReplay(context, options.replay);
  }
  if (limit !== undefined) {
    // Who only checks a file needs no client of a broker.
    return (await import('./check-waiting.ts')).checkWaiting(context, files, options);
  }
  if (options.force) throw new UsageError('--force is for a look at waiting messages: --queue NAME --limit N');
  await checkCompletions(context);
  // A store in S3 is everybody's, and needs no client of the engine.
  if (config.dqm.resultStore.kind === 'file') await (await import('./check-own-disk.ts')).checkOwnDisk(context);
  // Also without files: mistakes of the modules that it names are mistakes of the configuration.
  const judge = createJudge(config);
  if (files.length === 0) {
    output.write(output.json ? jsonLine({ file: config.file, outcome: 'accepted' }) : `${config.file}: no mistakes\n`);
    return;
  }
  for (const file of files) {
    const body = await readFile(file).catch((error: unknown) => {
      throw new UsageError(`cannot read ${file}: ${errorText(error)}`);
    });
    const message = { queue, body, messageId: null, attributes: {}, envelope: { transport: 'direct' as const } };
    tell(output, { file }, judge(message));
  }
}
