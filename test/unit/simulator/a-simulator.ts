import { startSimulator, type Simulator } from '../../../simulator/server.ts';

export interface ASimulator extends Simulator {
  post(body: unknown, signal?: AbortSignal): Promise<Response>;
  /** The JSON answer to one call. */
  call(method: string, params?: object): Promise<{ result?: unknown; error?: { code: number; message: string } }>;
}

const open: Simulator[] = [];

/** A simulator of a test's own; `closeAll` in `afterEach`. */
export async function aSimulator(): Promise<ASimulator> {
  const simulator = await startSimulator();
  open.push(simulator);
  const post = (body: unknown, signal?: AbortSignal): Promise<Response> =>
    fetch(simulator.url, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(signal && { signal }),
    });
  return {
    ...simulator,
    post,
    call: async (method, params = {}) => (await post({ method, params, id: 1 })).json() as never,
  };
}

export async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
}
