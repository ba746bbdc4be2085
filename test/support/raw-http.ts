import { once } from 'node:events';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Sends these bytes over a connection of its own and gives all that comes until the other side closes. */
export async function rawHttp(url: string, request: string | Buffer, { end = false } = {}): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(request);
  if (end) socket.end();
  return (await buffer(socket)).toString('latin1');
}

export interface RawAnswer {
  status: string;
  /** As they came, without what concerns the connection alone. */
  headers: string[];
  body: string;
}

const OF_CONNECTION = /^(connection|keep-alive|transfer-encoding|date):/i;

/** Takes an answer apart; chunks are put together. */
export function partsOfAnswer(answer: string): RawAnswer {
  const [head = '', ...rest] = answer.split('\r\n\r\n');
  const [status = '', ...headers] = head.split('\r\n');
  const body = rest.join('\r\n\r\n');
  return {
    status,
    headers: headers.filter((header) => !OF_CONNECTION.test(header)),
    body: /^transfer-encoding: chunked$/im.test(head) ? unchunked(body) : body,
  };
}

function unchunked(body: string): string {
  let text = '';
  let at = 0;
  for (;;) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.slice(at, lineEnd), 16);
    if (!size) return text;
    text += body.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
}
