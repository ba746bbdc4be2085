import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

import { servers } from './servers.ts';

export interface SqsAnswer {
  status: number;
  body: object;
  /** Of SQS's clock. */
  date?: string;
}

export interface SqsCall {
  /** `ReceiveMessage`, `DeleteMessageBatch` … */
  action: string;
  body: Record<string, unknown>;
  headers: NodeJS.Dict<string | string[]>;
}

/** SQS with the faults of a bad day, before the emulator. */
export interface FaultySqs {
  endpoint: string;
  calls: SqsCall[];
  /** Answers in the emulator's place; undefined: the emulator answers. */
  answers(how: Answering): void;
}

type Answering = (call: SqsCall) => SqsAnswer | undefined | Promise<SqsAnswer | undefined>;

const opened: (() => void)[] = [];
afterAll(() => opened.forEach((close) => close()));

export async function aFaultySqs(): Promise<FaultySqs> {
  const calls: SqsCall[] = [];
  let how: Answering = () => undefined;
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const bytes = await buffer(request);
      const action = String(request.headers['x-amz-target']).replace('AmazonSQS.', '');
      const call = { action, body: JSON.parse(bytes.toString()) as SqsCall['body'], headers: request.headers };
      calls.push(call);
      const own = await how(call);
      if (own) return write(response, own.status, JSON.stringify(own.body), own.date);
      const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${action}` };
      const theirs = await fetch(servers().awsEndpoint, { method: 'POST', headers, body: bytes });
      write(response, theirs.status, await theirs.text());
    };
    answer().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(() => server.close().closeAllConnections());
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    answers: (own) => (how = own),
  };
}

function write(response: ServerResponse, status: number, body: string, date = new Date().toUTCString()): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', date }).end(body);
}

/** As SQS words an error. */
export const sqsError = (status: number, name: string): SqsAnswer => ({
  status,
  body: { __type: `com.amazonaws.sqs#${name}`, message: 'a bad day' },
});
