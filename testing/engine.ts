import type { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';

import { environment } from '../lib/config/environment.ts';
import { findEngine } from '../lib/engine/binary.ts';
import { startEmbeddedEngine } from '../lib/engine/embedded.ts';
import { connectClient } from '../lib/temporal.ts';

import { testLog } from './log.ts';

/** An engine in memory, shared by the tests of a process. */
export interface TestEngine {
  namespace: string;
  client: Client;
  connection: NativeConnection;
  /** To be called before the engine ends. */
  closes(close: () => Promise<void>): void;
  close(): Promise<void>;
}

let shared: Promise<TestEngine> | undefined;

/** Started by the first test that needs it. It ends with the process, whatever becomes of that. */
export function testEngine(): Promise<TestEngine> {
  shared ??= startEngine();
  return shared;
}

/** Stops the engine of this process, so that the process can end. jest and `node --test` need no call of it. */
export async function closeTestEngine(): Promise<void> {
  const engine = shared;
  shared = undefined;
  // One that did not start has said so to the test that wanted it.
  await (await engine?.catch(() => undefined))?.close();
}

async function startEngine(): Promise<TestEngine> {
  const env = environment();
  installRuntime();
  const binary = await findEngine({ env, log: testLog });
  const engine = await startEmbeddedEngine({ binary, env, port: 0, uiPort: 0, namespace: 'test', log: testLog });
  const { address, namespace } = engine;
  const closers: (() => Promise<void>)[] = [];
  const [{ client, close }, connection] = await Promise.all([
    connectClient({ address, namespace }),
    NativeConnection.connect({ address }),
  ]);
  return {
    namespace,
    client,
    connection,
    closes: (close) => void closers.push(close),
    close: async () => {
      await Promise.all(closers.map((closeFirst) => closeFirst()));
      await connection.close();
      await close();
      await engine.stop();
    },
  };
}

/** The SDK reports on its workers at length. A test that uses the SDK itself has one already. */
function installRuntime(): void {
  try {
    const logging = { filter: { core: 'ERROR', other: 'ERROR' } } as const;
    Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging }, shutdownSignals: [] });
  } catch {
    Runtime.instance();
  }
}
