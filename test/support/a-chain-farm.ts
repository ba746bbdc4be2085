import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { WorkflowHandle } from '@temporalio/client';

import type { JobInput } from '../../lib/contract/job-input.ts';
import { JOBS_TASK_QUEUE } from '../../lib/contract/names.ts';
import { DqmState } from '../../lib/contract/search-attributes.ts';

import { aFarm, type Farm } from './a-farm.ts';
import { aJobInput } from './a-job-input.ts';
import { startDqm, type DqmProcess } from './dqm-process.ts';

/** A farm whose `dqm up` runs chains. */
export interface ChainFarm extends Farm {
  up: DqmProcess;
  configFile: string;
  /** Starts the job of a chain, as intake would. */
  start(chain: string, parameters: unknown, changes?: Partial<JobInput>): Promise<WorkflowHandle>;
}

export interface ChainFarmOptions {
  /** `allow_command` beside the farm's own. */
  allow: string[];
  dqm?: string[];
  /** More files beside the configuration, by name. */
  files?: Record<string, string>;
}

export async function aChainFarm(
  chains: string,
  { allow, dqm = [], files = {} }: ChainFarmOptions,
): Promise<ChainFarm> {
  const farm = await aFarm();
  mkdirSync(join(farm.folder.path, 'chains'));
  for (const [name, text] of Object.entries({ ...files, 'chains/index.ts': chains })) farm.folder.file(name, text);
  const configFile = farm.config('chains.conf', { allow, dqm: ['chains_module ./chains/index.ts', ...dqm] });
  const up = startDqm(['up', '--config', configFile]);
  await up.said('Up');
  return {
    ...farm,
    up,
    configFile,
    start: (command, parameters, changes = {}) => {
      const body = { text: JSON.stringify({ command, parameters }) };
      const input = aJobInput({ queue: 'local', command, body, tasks: [], ...changes });
      return farm.engine.client.workflow.start(command, {
        workflowId: `job/local/${randomUUID()}`,
        taskQueue: JOBS_TASK_QUEUE,
        args: [input],
        typedSearchAttributes: [{ key: DqmState, value: 'waiting' }],
      });
    },
  };
}
