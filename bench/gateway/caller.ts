import { Pool } from 'undici';

import { createFuzz } from '../fuzz.ts';

import { fuzzedRequest } from './fuzzed-request.ts';
import { openPlainSend, type Queue } from './plain-send.ts';

/** A load of its own process, so that it takes no time from what it calls. Does what it is told, and says what came of it. */
export type Target =
  /** `calls`: of one request, an array of them. Default: 1. */
  | { kind: 'post'; url: string; body: string; calls?: number }
  /** Requests of every broken kind. */
  | { kind: 'fuzz'; url: string; seed: number }
  | { kind: 'send'; queue: Queue; body: string };

export type Order =
  /** As many calls as `callers` at once can make in `ms`. */
  | { kind: 'rate'; ms: number; callers: number }
  /** One after the other. */
  | { kind: 'times'; calls: number };

export interface Done {
  calls: number;
  ms: number;
  /** Of each call, when they were made one after the other. */
  timesMs: number[];
}

const MOST_CALLERS = 16;

const target = JSON.parse(process.argv[2] ?? '') as Target;
const call = await openCall();
process.on('message', (order: Order) => {
  carryOut(order).then(
    (done) => process.send?.(done),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.send?.('ready');

async function carryOut(order: Order): Promise<Done> {
  const began = performance.now();
  if (order.kind === 'times') {
    const timesMs: number[] = [];
    for (let count = 0; count < order.calls; count += 1) {
      const callBegan = performance.now();
      await call();
      timesMs.push(performance.now() - callBegan);
    }
    return { calls: order.calls, ms: performance.now() - began, timesMs };
  }
  let requests = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() < began + order.ms) {
      await call();
      requests += 1;
    }
  };
  await Promise.all(Array.from({ length: order.callers }, caller));
  const calls = requests * ((target.kind === 'post' && target.calls) || 1);
  return { calls, ms: performance.now() - began, timesMs: [] };
}

async function openCall(): Promise<() => Promise<void>> {
  if (target.kind === 'send') {
    const send = await openPlainSend(target.queue);
    return () => send(target.body);
  }
  const pool = new Pool(new URL(target.url).origin, { connections: MOST_CALLERS });
  const ask = async (body: string | Buffer, type = 'application/json') => {
    const answer = await pool.request({ method: 'POST', path: '/', headers: { 'content-type': type }, body });
    return { status: answer.statusCode, text: await answer.body.text() };
  };
  if (target.kind === 'fuzz') {
    const fuzz = createFuzz(target.seed);
    return async () => {
      const { type, body } = fuzzedRequest(fuzz);
      await ask(body, type);
    };
  }
  return async () => {
    const { status, text } = await ask(target.body);
    if (status !== 200 || text.includes('"error"')) throw new Error(`${target.url} answered ${status}: ${text}`);
  };
}
