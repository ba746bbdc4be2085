import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { activityInfo } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';

import { createChainActivities } from '../../activities/chain.ts';
import type { CommandInput, RenderedCommand } from '../../activities/command.ts';
import type { TaskInput } from '../../activities/tasks/task.ts';
import { sha256 } from '../../lib/contract/ids.ts';
import type { JobInput } from '../../lib/contract/job-input.ts';
import { gpuTaskQueue, JOBS_TASK_QUEUE } from '../../lib/contract/names.ts';
import { createFileStore } from '../../lib/results/file-store.ts';
import { resultKey } from '../../lib/results/key.ts';
import { bundleChains } from '../../workers/bundle.ts';
import { STEP_LIMIT } from '../../workers/step-limit.ts';

import { aJobInput, aStagedResult } from './a-job-input.ts';
import { aNamespace, type TestNamespace } from './a-namespace.ts';
import { silentLog } from './silent-log.ts';

export type StepInput = Extract<CommandInput, { parameters: string }>;

/** What the fakes of a render host and of tasks do; otherwise they work. */
export interface Behaviour {
  command?(input: StepInput): Promise<RenderedCommand> | undefined;
  task?(input: TaskInput): Promise<{ destination: string }>;
  /** Default: any that the tests use. */
  allowCommands?: string[];
}

/** The real kit, bundled from a module's text, with a real engine, and fakes of what is outside of it. */
export interface ChainWorker {
  engine: TestNamespace;
  bundle: WorkflowBundleWithSourceMap;
  commands: StepInput[];
  tasks: TaskInput[];
  run<T>(
    chain: string,
    parameters: unknown,
    during: (job: WorkflowHandle) => Promise<T>,
    more?: { behaviour?: Behaviour; input?: Partial<JobInput> },
  ): Promise<T>;
  close(): Promise<void>;
}

/** `address`: of an engine of the test's own. */
export async function aChainWorker(module: string, address?: string): Promise<ChainWorker> {
  const folder = mkdtempSync(join(tmpdir(), 'dqm-test-'));
  writeFileSync(join(folder, 'chains.ts'), module);
  const engine = await aNamespace(undefined, address);
  const bundle = await bundleChains(join(folder, 'chains.ts'), new Set(), silentLog);
  const commands: StepInput[] = [];
  const tasks: TaskInput[] = [];
  return {
    engine,
    bundle,
    commands,
    tasks,
    run: async (chain, parameters, during, { behaviour = {}, input = {} } = {}) => {
      commands.length = 0;
      tasks.length = 0;
      const job = aJobInput({ command: chain, body: { text: JSON.stringify({ parameters }) }, tasks: [], ...input });
      const activities = { ...fakes(behaviour, commands, tasks), ...chainActivities(chain, behaviour, folder) };
      return withWorkers({ engine, bundle, activities, queue: job.queue }, async () =>
        during(
          await engine.client.workflow.start(chain, {
            workflowId: `job/${job.queue}/${randomUUID()}`,
            taskQueue: JOBS_TASK_QUEUE,
            args: [job],
          }),
        ),
      );
    },
    close: async () => {
      await engine.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const fakes = (behaviour: Behaviour, commands: StepInput[], tasks: TaskInput[]) => ({
  runCommand: (input: StepInput): Promise<RenderedCommand> => {
    commands.push(input);
    return behaviour.command?.(input) ?? Promise.resolve(rendered(input));
  },
  s3_upload: (input: TaskInput): Promise<{ destination: string }> => {
    tasks.push(input);
    return behaviour.task?.(input) ?? Promise.resolve({ destination: 's3://results/sheet.png' });
  },
});

/** With the address that the command's result would have in a store: a chain's journal counts on its shape. */
export function rendered({ jobQueue, command, parameters, occurrence, generation }: StepInput): RenderedCommand {
  const { workflowId = '' } = activityInfo().workflowExecution ?? {};
  const identity = { queue: jobQueue, workflowId, command, parametersText: parameters, occurrence, generation };
  const key = resultKey(identity);
  const content = sha256(key);
  return {
    result: aStagedResult({ uri: `file:///var/lib/dqm/results/${key}/${content}`, sha256: content }),
    host: 'gpu-07',
    gpuSeconds: 1,
  };
}

function chainActivities(chain: string, { allowCommands = ['frame', 'sheet'] }: Behaviour, folder: string) {
  return createChainActivities({
    settings: {
      file: 'realityserver.conf',
      allowCommands: [chain, ...allowCommands],
      tasks: ['s3_upload'],
      defaultLimits: aJobInput().limits,
      limits: {},
      tellsApprovals: false,
    },
    store: createFileStore({ root: join(folder, 'store') }),
    folder,
  });
}

interface Workers {
  engine: TestNamespace;
  bundle: WorkflowBundleWithSourceMap;
  activities: object;
  queue: string;
}

async function withWorkers<T>({ engine, bundle, activities, queue }: Workers, work: () => Promise<T>): Promise<T> {
  const { namespace } = engine;
  const jobs = await Worker.create({
    connection: await engine.connectWorker(),
    namespace,
    taskQueue: JOBS_TASK_QUEUE,
    workflowBundle: bundle,
    activities,
    ...STEP_LIMIT,
  });
  const gpu = await Worker.create({
    connection: await engine.connectWorker(),
    namespace,
    taskQueue: gpuTaskQueue(queue),
    activities,
    maxHeartbeatThrottleInterval: '100ms',
  });
  return jobs.runUntil(gpu.runUntil(work));
}
