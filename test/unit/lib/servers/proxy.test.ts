import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';

import { startProxy } from '../../../../lib/servers/proxy.ts';

const listening: Server[] = [];
afterEach(() => listening.splice(0).forEach((server) => server.close()));

async function aServer(port: number, onConnection: () => void = () => undefined): Promise<Server> {
  const server = createServer((socket) => {
    onConnection();
    socket.end();
  });
  listening.push(server);
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return server;
}

test('a proxy whose port somebody else has for a moment mends when it is free again', async () => {
  let connections = 0;
  const target = await aServer(0, () => (connections += 1));
  const proxy = await startProxy(`127.0.0.1:${(target.address() as AddressInfo).port}`);
  const { port } = proxy;
  await proxy.cut();
  const other = await aServer(port);
  const mended = proxy.mend();
  // It has found the port taken: what it asked for comes before what is asked for now.
  await aServer(0);
  other.close();
  await mended;
  expect(proxy.port).toBe(port);
  const client = connect(port, proxy.host).resume();
  await once(client, 'close');
  expect(connections).toBe(1);
  await proxy.cut();
});
