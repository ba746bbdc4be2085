import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Client } from '@temporalio/client';

import { createBodyStore } from '../../bridges/intake/body-store.ts';
import type { BridgeDeps } from '../../bridges/bridge.ts';
import type { Clock } from '../../lib/clock.ts';
import { createWatchEndings } from '../../bridges/endings.ts';
import { createHoldRejected } from '../../bridges/dead-letters/hold-rejected.ts';
import { createIntake, type Intake, type Verdict } from '../../bridges/intake/intake.ts';
import type { QueueConfig } from '../../lib/config/config.ts';
import { createFileStore } from '../../lib/results/file-store.ts';
import type { ResultStore } from '../../lib/results/store.ts';

import { anAllowance } from './an-allowance.ts';
import { aConfig } from './a-config.ts';
import { aLog } from './a-log.ts';
import { someRules } from './a-message.ts';
import { until } from './until.ts';

const folder = mkdtempSync(join(tmpdir(), 'dqm-intake-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

export interface IntakeParts {
  intake: Intake;
  store: ResultStore;
  log: ReturnType<typeof aLog>;
  /** What a bridge needs beside its queue. */
  deps: BridgeDeps;
  /** What was settled so far, in order. */
  outcomes: Verdict['outcome'][];
  /** Waits until so many are settled. */
  settled(count: number): Promise<void>;
  isReady(): boolean;
}

export interface IntakeChanges {
  clock?: Clock;
  store?: ResultStore;
  allowCommands?: string[];
  /** That the configuration knows. */
  queues?: QueueConfig[];
}

/** Intake as the program makes it, with results in a folder that goes with the test file. */
export function anIntake(
  client: Client,
  { clock, store = createFileStore({ root: join(folder, 'results') }), allowCommands, queues = [] }: IntakeChanges = {},
): IntakeParts {
  const log = aLog();
  const bodies = createBodyStore({ store, folder: join(folder, 'bodies') });
  const file = aConfig({ dqm: 'command_timeout 1h\n<user command>\nname render_product\ntimeout 5m\n</user>' });
  const config = { ...file, queues: new Map(queues.map((queue) => [queue.name, queue])) };
  const rules = someRules(allowCommands && { allowCommands: new Set(allowCommands) });
  const intake = createIntake({ client, config, bodies, rules, log, ...(clock && { clock }) });
  const outcomes: Verdict['outcome'][] = [];
  let ready = false;
  const deps: BridgeDeps = {
    intake,
    allowance: anAllowance(),
    holdRejected: createHoldRejected({ client, bodies }),
    watchEndings: createWatchEndings({ client, log }),
    metrics: {
      received: () => undefined,
      settled: (_queue, outcome) => outcomes.push(outcome),
      intake: () => undefined,
    },
    log,
    drainTimeoutMs: 60_000,
    onReady: (isReady) => (ready = isReady),
  };
  const settled = async (count: number): Promise<void> => {
    await until(() => outcomes.length >= count);
  };
  return { intake, store, log, deps, outcomes, settled, isReady: () => ready };
}
