import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';

import { limitsOf } from '../../bridges/intake/intake.ts';
import { openContext } from '../../cli/context.ts';
import { openGpuWorkers } from '../../cli/parts/gpu-workers.ts';
import { intakeOf } from '../../cli/parts/intake.ts';
import { openJobWorker } from '../../cli/parts/job-worker.ts';
import { openShared } from '../../cli/parts/shared.ts';
import { environment } from '../../lib/config/environment.ts';
import { startSimulatorProcess } from '../../lib/servers/simulator.ts';
import { connectClient, connectWorker } from '../../lib/temporal.ts';
import type { CallRecord } from '../../simulator/calls.ts';
import { openEngine } from '../open-engine.ts';
import type { Bench } from '../run-bench.ts';

const QUEUE = 'bench';
const BARE_TASK_QUEUE = 'bare';
const HOSTS = 4;

const fileOf = (name: string): string => fileURLToPath(new URL(`${name}.js`, import.meta.url));

/** Four simulated hosts, and on one engine the chains and a workflow without the kit. */
export async function openStage({ folder, log, opened }: Bench) {
  const env = environment();
  const dataFolder = join(folder, 'data');
  const engine = await openEngine(dataFolder, { log, opened });
  const simulators = await Promise.all(Array.from({ length: HOSTS }, () => startSimulatorProcess({ env })));
  for (const simulator of simulators) opened.needs(simulator);
  const urls = simulators.map(({ url }) => url);
  const file = join(folder, 'realityserver.conf');
  await writeFile(file, configText(engine.address, dataFolder, urls));
  const shared = await openShared(openContext({ config: file }, log), opened);
  const { client, close } = await connectClient(shared.temporal);
  opened.closes(close);
  await openJobWorker(shared);
  await openGpuWorkers(shared);
  const connection = await connectWorker(shared.temporal);
  opened.closes(() => connection.close());
  const bareWorker = await Worker.create({
    connection,
    taskQueue: BARE_TASK_QUEUE,
    workflowsPath: fileOf('bare-workflow'),
  });
  opened.runs({ done: bareWorker.run(), stop: () => bareWorker.shutdown() });
  const { intake } = intakeOf({ ...shared, client });
  const limits = limitsOf(shared.config);
  return {
    runChain: async (command: string, parameters: object) => {
      const body = Buffer.from(JSON.stringify({ command, parameters }));
      const envelope = { transport: 'direct' } as const;
      const message = { queue: QUEUE, body, messageId: randomUUID(), attributes: {}, envelope };
      const verdict = await intake.judge(message, opened.signal);
      if (verdict.outcome !== 'started') throw new Error(`the job was not started: ${JSON.stringify(verdict)}`);
      await client.workflow.getHandle(verdict.workflowId).result();
    },
    runBare: (steps: number) => startBare(client, [QUEUE, limits, steps]),
    /** By host. */
    callsOf: (command: string) => Promise.all(urls.map((url) => callsAt(url, command))),
  };
}

const startBare = (client: Client, args: unknown[]): Promise<unknown> =>
  client.workflow.execute('bare', { workflowId: `job/${QUEUE}/${randomUUID()}`, taskQueue: BARE_TASK_QUEUE, args });

async function callsAt(url: string, command: string): Promise<CallRecord[]> {
  const body = JSON.stringify({ jsonrpc: '2.0', method: 'sim_calls', params: { command }, id: 1 });
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return ((await answer.json()) as { result: CallRecord[] }).result;
}

const configText = (engine: string, dataFolder: string, urls: readonly string[]): string => `
<user queue_manager>
    ${['steps', 'frames', 'echo', 'sleep'].map((name) => `allow_command ${name}`).join('\n    ')}
    listen_queue ${QUEUE}
</user>
<user dqm>
    temporal_address ${engine}
    data_folder ${dataFolder}
    chains_module ${fileOf('chains')}
    ${urls.map((url) => `realityserver_url ${url}`).join('\n    ')}
    metrics_address 127.0.0.1:0
    <user queue>
        name ${QUEUE}
    </user>
</user>
`;
