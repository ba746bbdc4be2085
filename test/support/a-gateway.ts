import { startGateway, type Gateway, type GatewayDeps } from '../../bridges/gateway.ts';
import type { OwnCall, OwnOutcome } from '../../bridges/gateway/own-commands.ts';

import { aLog } from './a-log.ts';

export interface AGateway extends Gateway {
  /** `http://host:port/`. */
  url: string;
  /** Our commands that reached it, in order. */
  calls: OwnCall[];
  log: ReturnType<typeof aLog>;
  /** JSON-RPC by POST. */
  post(body: unknown, headers?: Record<string, string>): Promise<Response>;
}

const open: Gateway[] = [];

/** A gateway in front of that RealityServer whose own commands answer as told; `closeGateways` in `afterEach`. */
export async function aGateway(
  realityServerUrl: string | undefined,
  {
    guard = { origins: [] },
    run = (call) => Promise.resolve(submitted(call)),
    limits,
  }: Partial<Pick<GatewayDeps, 'guard' | 'run' | 'limits'>> = {},
): Promise<AGateway> {
  const log = aLog();
  const calls: OwnCall[] = [];
  const gateway = await startGateway({
    address: '127.0.0.1:0',
    realityServerUrl,
    guard,
    run: (call) => {
      calls.push(call);
      return run(call);
    },
    ...(limits && { limits }),
    log,
  });
  open.push(gateway);
  const url = `http://${gateway.address}/`;
  return {
    ...gateway,
    url,
    calls,
    log,
    post: (body, headers = {}) =>
      fetch(url, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) }),
  };
}

export async function closeGateways(): Promise<void> {
  await Promise.all(open.splice(0).map((gateway) => gateway.close()));
}

/** What a submit answers here; others answer their method's name. */
const submitted = ({ method }: OwnCall): OwnOutcome =>
  method === 'queue_manager_submit_job'
    ? { submitted: { messageId: 'm-1', jobId: 'j-1' }, outcome: { result: '{"message_id":"m-1","job_id":"j-1"}' } }
    : { outcome: { result: JSON.stringify(method) } };
