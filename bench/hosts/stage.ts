import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer, json } from 'node:stream/consumers';

import { CreateBucketCommand } from '@aws-sdk/client-s3';
import type { Client } from '@temporalio/client';

import { openContext } from '../../cli/context.ts';
import { intakeOf } from '../../cli/parts/intake.ts';
import { createS3 } from '../../lib/aws.ts';
import { environment } from '../../lib/config/environment.ts';
import { createRealityServer } from '../../lib/realityserver/http.ts';
import { createResultStore } from '../../lib/results/open-store.ts';
import { startEmulator } from '../../lib/servers/emulator.ts';
import { startSimulatorProcess } from '../../lib/servers/simulator.ts';
import { connectClient } from '../../lib/temporal.ts';
import type { CallRecord } from '../../simulator/calls.ts';
import { configText } from '../config-text.ts';
import { openEngine } from '../open-engine.ts';
import type { Bench } from '../run-bench.ts';

import { startDqm, type DqmProcess } from './dqm-process.ts';

export const QUEUE = 'bench';
export const BUCKET = 'bench';
const COMMANDS = ['sleep', 'big_result'];

export interface Job {
  command: string;
  parameters: object;
  tasks?: object[];
  dqm?: { priority?: string };
}

/** A RealityServer, and what its `dqm worker gpu` reads. */
export interface Host {
  name: string;
  start(): Promise<DqmProcess>;
  /** Calls its RealityServer, until the last byte. */
  run(command: string, parameters: object): Promise<void>;
  /** All calls of that command. */
  calls(command: string): Promise<CallRecord[]>;
}

/** An engine, an S3 and simulated RealityServers, around processes of `dqm` as a farm has them. */
export interface Stage {
  client: Client;
  engine: { address: string; dataFolder: string };
  startJobWorker(): Promise<DqmProcess>;
  host(name: string): Promise<Host>;
  /** Takes a job in as a bridge does; gives its workflow id. */
  submit(job: Job): Promise<string>;
  /** Beside `BUCKET`. */
  createBucket(name: string): Promise<void>;
}

export interface StageOptions extends Bench {
  /** Default: a folder that all share. */
  resultStore?: string;
  /** For all of them, in `<user dqm>`. */
  lines?: readonly string[];
}

export async function openStage({
  folder,
  log,
  opened,
  resultStore,
  lines: common = [],
}: StageOptions): Promise<Stage> {
  const env = environment();
  const dataFolder = join(folder, 'engine');
  const engine = await openEngine(dataFolder, { log, opened });
  const emulator = await startEmulator({ env });
  opened.needs(emulator);
  const { client, close } = await connectClient({ address: engine.address, namespace: engine.namespace });
  opened.closes(close);

  const store = resultStore ?? `file://${join(folder, 'results')}`;
  const configOf = async (name: string, lines: readonly string[] = []): Promise<string> => {
    const file = join(folder, `${name}.conf`);
    const own = [`data_folder ${join(folder, name)}`, `result_store ${store}`, ...common, ...lines];
    await writeFile(
      file,
      configText({ engine: engine.address, aws: emulator.endpoint, queue: QUEUE, commands: COMMANDS, lines: own }),
    );
    return file;
  };
  const file = await configOf('intake');
  const { config } = openContext({ config: file }, log);
  const s3 = createS3(config.aws);
  opened.closes(() => s3.destroy());
  const createBucket = async (name: string): Promise<void> => {
    await s3.send(new CreateBucketCommand({ Bucket: name }));
  };
  await createBucket(BUCKET);
  const { intake } = intakeOf({ client, config, store: createResultStore(config.dqm.resultStore, { s3 }), log });

  return {
    client,
    engine: { address: engine.address, dataFolder },
    createBucket,
    startJobWorker: async () =>
      startDqm(['worker', 'jobs', '--config', await configOf('jobs')], 'Job worker started', opened),
    host: async (name) => {
      const simulator = await startSimulatorProcess({ env });
      opened.needs(simulator);
      const realityServer = createRealityServer({ url: simulator.url });
      opened.closes(() => realityServer.close());
      const host = await configOf(name, [`host_name ${name}`, `realityserver_url ${simulator.url}`]);
      return {
        name,
        start: () => startDqm(['worker', 'gpu', '--config', host], 'RealityServer is ready', opened),
        run: async (command, parameters) => {
          const { bytes } = await realityServer.run(command, JSON.stringify(parameters), opened.signal);
          await buffer(bytes);
        },
        calls: async (command) => {
          const { bytes } = await realityServer.run('sim_calls', JSON.stringify({ command }), opened.signal);
          return (await json(bytes)) as CallRecord[];
        },
      };
    },
    submit: async (job) => {
      const envelope = { transport: 'direct' } as const;
      const message = { queue: QUEUE, messageId: randomUUID(), body: Buffer.from(JSON.stringify(job)) };
      const verdict = await intake.judge({ ...message, attributes: {}, envelope }, opened.signal);
      if (verdict.outcome !== 'started') throw new Error(`the job was not started: ${JSON.stringify(verdict)}`);
      return verdict.workflowId;
    },
  };
}
