import { join } from 'node:path';

import type { Client } from '@temporalio/client';

import { createBodyStore, type BodyStore } from '../../bridges/body-store.ts';
import { createIntake, type Intake } from '../../bridges/intake.ts';
import type { Config } from '../../lib/config/config.ts';
import type { MessageRules } from '../../lib/contract/job-message.ts';
import { checkTask } from '../../lib/contract/task-configs.ts';
import type { Log } from '../../lib/log.ts';
import type { ResultStore } from '../../lib/results/store.ts';

import { taskRules } from './job-worker.ts';

export interface IntakeParts {
  client: Client;
  config: Config;
  store: ResultStore;
  log: Log;
}

/** What a configuration lets into its queues. */
export const messageRules = (config: Config): MessageRules => ({
  maxMessageBytes: config.dqm.maxMessageBytes,
  file: config.file,
  allowCommands: config.allowCommands,
  checkTask: (task, path) => checkTask(task, path, taskRules(config)),
});

/** Intake as this configuration has it, and where it puts bodies that are too large for a history. */
export function intakeOf({ client, config, store, log }: IntakeParts): { intake: Intake; bodies: BodyStore } {
  const bodies = createBodyStore({ store, folder: join(config.dqm.dataFolder, 'bodies') });
  return { bodies, intake: createIntake({ client, config, bodies, rules: messageRules(config), log }) };
}
