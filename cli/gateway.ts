import type { Context } from './context.ts';
import { openGateway } from './parts/gateway.ts';
import { openShared } from './parts/shared.ts';
import { runProcess } from './process.ts';

/** `dqm gateway`: RealityServer's JSON-RPC and WebSocket with our commands in it, until it is told to stop. */
export const gateway = (context: Context): Promise<void> =>
  runProcess(context.log, async (opened) => {
    await openGateway(await openShared(context, opened, { withWorkers: false }), { orNext: false });
  });
