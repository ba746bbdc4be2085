import type { Command } from 'commander';

import { command } from '../command.ts';
import { openContext, type CommonOptions } from '../context.ts';

export const gatewayCommand = (program: Command): Command =>
  command(
    program,
    'gateway',
    "RealityServer's JSON-RPC and WebSocket, with submit, status, list and cancel of jobs in it",
    ['dqm gateway'],
  ).action(async (options: CommonOptions) => (await import('../gateway.ts')).gateway(openContext(options)));
