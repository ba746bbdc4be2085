import { startProxy, type Proxy } from '../../lib/servers/proxy.ts';

export type { Moment, Proxy } from '../../lib/servers/proxy.ts';

const opened: Proxy[] = [];
afterAll(() => Promise.all(opened.map((proxy) => proxy.cut())));

/** `address`: `host:port` of the server. Cut after the test file. */
export async function aProxy(address: string): Promise<Proxy> {
  const proxy = await startProxy(address);
  opened.push(proxy);
  return proxy;
}
