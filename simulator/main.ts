#!/usr/bin/env node
import { parseArgs } from 'node:util';

import { startSimulator } from './server.ts';

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' }, hostname: { type: 'string' } } });

const simulator = await startSimulator({
  port: Number(values.port),
  ...(values.hostname !== undefined && { hostname: values.hostname }),
  // As a driver that takes the process with it: no farewell to anybody.
  onCrash: () => process.kill(process.pid, 'SIGKILL'),
});
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void simulator.close().finally(() => process.exit()));
console.log(JSON.stringify({ url: simulator.url }));
