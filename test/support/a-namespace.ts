import { randomUUID } from 'node:crypto';

import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';

import { prepareNamespace } from '../../lib/engine/prepare.ts';

import { servers } from './servers.ts';
import { silentLog } from './silent-log.ts';

// What a test's workers do is the test's to tell; the engine hears of them soon.
Runtime.install({ logger: new DefaultLogger('ERROR'), workerHeartbeatInterval: '1 second' });

/** A namespace of a test's own: `dqm-jobs` is one name, so tests that share a namespace would run each other's jobs. */
export interface TestNamespace {
  namespace: string;
  client: Client;
  connection: Connection;
  /** A new one each time: two workers of one task queue on one connection are refused. */
  connectWorker(): Promise<NativeConnection>;
  close(): Promise<void>;
}

/** `address`: of an engine of the test's own. */
export async function aNamespace(
  namespace = `test-${randomUUID()}`,
  address = servers().temporalAddress,
): Promise<TestNamespace> {
  // Other test files take the processor while this one loads.
  const connection = await Connection.connect({ address, connectTimeout: '1 minute' });
  const natives: NativeConnection[] = [];
  await prepareNamespace(connection, { namespace, log: silentLog });
  return {
    namespace,
    connection,
    client: new Client({ connection, namespace }),
    connectWorker: async () => {
      const native = await NativeConnection.connect({ address });
      natives.push(native);
      return native;
    },
    close: async () => {
      for (const native of natives) await native.close();
      await connection.close();
    },
  };
}
