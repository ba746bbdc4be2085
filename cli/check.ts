import { readFile } from 'node:fs/promises';

import { readMessage } from '../lib/contract/job-message.ts';
import { errorText } from '../lib/log.ts';

import { UsageError, type Context } from './context.ts';
import { EXIT_FAILED } from './exit.ts';
import { jsonLine } from './output/output.ts';
import { messageRules } from './parts/message-rules.ts';
import { queueNamed } from './queue-named.ts';

/** `dqm check [FILE…]`: the configuration was read to get here; then each message as intake would judge it. */
export async function check(
  { config, output }: Context,
  files: readonly string[],
  { queue: name }: { queue?: string },
): Promise<void> {
  const queue = name === undefined ? (config.listenQueue ?? 'none') : queueNamed(config, name).name;
  if (files.length === 0) {
    output.write(output.json ? jsonLine({ file: config.file, outcome: 'accepted' }) : `${config.file}: no mistakes\n`);
    return;
  }
  for (const file of files) {
    const body = await readFile(file).catch((error: unknown) => {
      throw new UsageError(`cannot read ${file}: ${errorText(error)}`);
    });
    const read = readMessage(
      { queue, body, messageId: null, attributes: {}, envelope: { transport: 'direct' } },
      messageRules(config),
    );
    const rejected = 'rejected' in read ? read.rejected : null;
    if (rejected) process.exitCode = EXIT_FAILED;
    if (output.json)
      output.write(
        jsonLine({
          file,
          outcome: rejected ? 'rejected' : 'accepted',
          error: rejected && { type: rejected.type, message: rejected.reason },
        }),
      );
    else
      output.write(
        rejected
          ? `${file}: would be rejected, ${rejected.type}: ${rejected.reason}\n`
          : `${file}: would be accepted\n`,
      );
  }
}
