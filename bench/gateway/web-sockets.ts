import { once } from 'node:events';

import { WebSocket } from 'ws';

const IDLE_SOCKETS = 500;
const BUSY_SOCKETS = 50;

/** Idle ones that stay, and busy ones that call again and again for so long. Gives the calls that were answered. */
export async function webSockets(url: string, ms: number): Promise<number> {
  const open = async (): Promise<WebSocket> => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}service/`);
    const [hello] = (await once(socket, 'message')) as [Buffer];
    const answer = Buffer.alloc(40);
    hello.copy(answer, 0, 0, 8);
    answer.writeUInt32LE(hello.readUInt32LE(12), 8);
    hello.copy(answer, 24, 24);
    socket.send(answer);
    await once(socket, 'message');
    return socket;
  };
  const sockets: WebSocket[] = [];
  while (sockets.length < IDLE_SOCKETS + BUSY_SOCKETS) sockets.push(await open());
  const end = performance.now() + ms;
  const message = JSON.stringify({
    command: 'execute',
    arguments: { commands: [{ name: 'echo', params: { text: 'x'.repeat(1_000) } }] },
    id: 1,
  });
  let answered = 0;
  const busy = async (socket: WebSocket): Promise<void> => {
    while (performance.now() < end) {
      socket.send(message);
      await once(socket, 'message');
      answered += 1;
    }
  };
  await Promise.all(sockets.slice(0, BUSY_SOCKETS).map(busy));
  for (const socket of sockets) socket.terminate();
  return answered;
}
