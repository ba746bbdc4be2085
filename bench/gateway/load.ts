import { Agent, request, type IncomingMessage } from 'node:http';

import { median } from '../statistics.ts';

/** One call, on a caller's own connection. */
type Call = (agent: Agent) => Promise<void>;

interface Load {
  /** With 16 callers at once. */
  perSecond: number;
  /** With one. */
  p50Ms: number;
}

const ROUNDS = 6;
const ROUND_MS = 1_000;
const CALLERS = 16;
const SINGLE_CALLS = 300;

/** Each of them in each round, so that a busy machine is as busy for all. The first round warms up. */
export async function inTurn<Name extends string>(calls: Record<Name, Call>): Promise<Record<Name, Load>> {
  const names = Object.keys(calls) as Name[];
  const rates = new Map<Name, number[]>(names.map((name) => [name, []]));
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const name of names) {
      const rate = await perSecond(calls[name]);
      if (round > 0) rates.get(name)?.push(rate);
    }
  }
  const agent = new Agent({ keepAlive: true });
  for (let count = 0; count < SINGLE_CALLS; count += 1) {
    for (const name of names) {
      const began = performance.now();
      await calls[name](agent);
      times.get(name)?.push(performance.now() - began);
    }
  }
  agent.destroy();
  const found = names.map((name) => [
    name,
    {
      perSecond: Math.round(median(rates.get(name) ?? [])),
      p50Ms: Number(median(times.get(name) ?? []).toFixed(2)),
    },
  ]);
  return Object.fromEntries(found) as Record<Name, Load>;
}

async function perSecond(call: Call): Promise<number> {
  let count = 0;
  const end = performance.now() + ROUND_MS;
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      while (performance.now() < end) {
        await call(agent);
        count += 1;
      }
      agent.destroy();
    }),
  );
  return (count * 1000) / ROUND_MS;
}

/** One POST to its last byte; gives how many came. Rejects unless the status is 200. */
export const post = (url: string, body: string, agent?: Agent): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asking = request(url, { method: 'POST', headers, ...(agent && { agent }) }, (answer: IncomingMessage) => {
      let bytes = 0;
      answer.on('data', (piece: Buffer) => (bytes += piece.length)).on('error', reject);
      answer.on('end', () => (answer.statusCode === 200 ? resolve(bytes) : reject(new Error(`${answer.statusCode}`))));
    });
    asking.on('error', reject).end(body);
  });
