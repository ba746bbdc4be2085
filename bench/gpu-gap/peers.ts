import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { openContext } from '../../cli/context.ts';
import { openShared } from '../../cli/parts/shared.ts';
import { createSqs } from '../../lib/aws.ts';
import { environment } from '../../lib/config/environment.ts';
import { createRealityServer } from '../../lib/realityserver/http.ts';
import { startEmulator } from '../../lib/servers/emulator.ts';
import { startSimulatorProcess } from '../../lib/servers/simulator.ts';
import { connectClient, connectWorker } from '../../lib/temporal.ts';
import type { CallRecord } from '../../simulator/calls.ts';

import { bullmqPeer, bullmqTwoQueuesPeer } from './bullmq.ts';
import { dqmPeers } from './dqm.ts';
import { configText } from '../config-text.ts';
import { openEngine } from '../open-engine.ts';
import type { Bench } from '../run-bench.ts';

import type { Peer } from './peer.ts';
import { plainTemporalPeer } from './plain-temporal.ts';
import { startRedis } from './redis.ts';
import { sqsConsumerPeer } from './sqs-consumer.ts';

const QUEUE = 'bench';
const COMMAND = 'sleep';
const COMMAND_MS = 100;
/** Too long for dqm to call the next one ahead. */
const LONG_COMMAND_MS = 300;

export interface Peers {
  peers: Peer[];
  /** What a peer's job calls. */
  render(): Promise<void>;
  /** Of all commands since it was asked last. */
  gaps(): Promise<number[]>;
}

/** All of them in this process, turn by turn, on one simulated RealityServer. */
export async function openPeers({ folder, log, opened }: Bench): Promise<Peers> {
  const env = environment();
  const dataFolder = join(folder, 'data');
  const engine = await openEngine(dataFolder, { log, opened });
  const emulator = await startEmulator({ env });
  opened.needs(emulator);
  const simulator = await startSimulatorProcess({ env });
  opened.needs(simulator);
  const redis = await startRedis(folder, env);
  if (redis) opened.needs(redis);

  const file = join(folder, 'realityserver.conf');
  await writeFile(
    file,
    configText({
      engine: engine.address,
      aws: emulator.endpoint,
      queue: QUEUE,
      commands: [COMMAND],
      lines: [`data_folder ${dataFolder}`, `realityserver_url ${simulator.url}`],
    }),
  );
  const context = openContext({ config: file }, log);
  const sqs = createSqs(context.config.aws);
  opened.closes(() => sqs.destroy());
  const shared = await openShared(context, opened);
  const { client, close } = await connectClient(shared.temporal);
  opened.closes(close);
  const connection = await connectWorker(shared.temporal);
  opened.closes(() => connection.close());
  const realityServer = createRealityServer({ url: simulator.url });
  opened.closes(() => realityServer.close());

  const parameters = JSON.stringify({ ms: COMMAND_MS });
  const bodyOf = (ms: number): string => JSON.stringify({ command: COMMAND, parameters: { ms } });
  const call = async (command: string, text: string): Promise<string> => {
    const { bytes } = await realityServer.run(command, text, opened.signal);
    let answer = '';
    for await (const chunk of bytes) answer += String(chunk);
    return answer;
  };
  const redisAt = redis && { host: '127.0.0.1', port: redis.port };
  const peers: Peer[] = [
    ...(await dqmPeers(shared, client, QUEUE, [
      { name: 'dqm', body: bodyOf(COMMAND_MS) },
      { name: `dqm, commands of ${LONG_COMMAND_MS} ms`, body: bodyOf(LONG_COMMAND_MS) },
    ])),
    plainTemporalPeer(client, connection),
    sqsConsumerPeer(sqs),
    ...(redisAt ? [bullmqPeer(redisAt), bullmqTwoQueuesPeer(redisAt)] : []),
  ];
  return {
    peers,
    render: async () => void (await call(COMMAND, parameters)),
    gaps: async () => {
      const records = JSON.parse(await call('sim_calls', `{"command":"${COMMAND}","clear":true}`)) as CallRecord[];
      return records.slice(1).map(({ start }, index) => start - (records[index]?.end ?? start));
    },
  };
}
