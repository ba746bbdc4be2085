import { join } from 'node:path';

import type { Client } from '@temporalio/client';

import { createBodyStore, type BodyStore } from '../../bridges/intake/body-store.ts';
import { createIntake, type Intake } from '../../bridges/intake/intake.ts';
import type { Config } from '../../lib/config/config.ts';
import type { Log } from '../../lib/log.ts';
import type { ResultStore } from '../../lib/results/store.ts';

import { messageRules } from './message-rules.ts';

export interface IntakeParts {
  client: Client;
  /** On the connection of the job worker, where this process has one. */
  besideWorker?: Client;
  config: Config;
  store: ResultStore;
  log: Log;
}

/** Intake as this configuration has it, and where it puts bodies that are too large for a history. */
export function intakeOf({ config, store, ...parts }: IntakeParts): { intake: Intake; bodies: BodyStore } {
  const bodies = createBodyStore({ store, folder: join(config.dqm.dataFolder, 'bodies') });
  return { bodies, intake: createIntake({ ...parts, config, bodies, rules: messageRules(config) }) };
}
