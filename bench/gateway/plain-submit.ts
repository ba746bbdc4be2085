import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { openPlainSend, type Queue } from './plain-send.ts';

/** What one would write without the gateway: a server that sends what comes, unjudged. */
const send = await openPlainSend(JSON.parse(process.argv[2] ?? '') as Queue);
const server = createServer((request, response) => {
  const answer = async (): Promise<void> => {
    const { id, params } = JSON.parse(await text(request)) as { id: number; params: { queue_name?: string } };
    delete params.queue_name;
    await send(JSON.stringify(params));
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ id, result: {} }));
  };
  answer().catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () =>
  console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` })),
);
