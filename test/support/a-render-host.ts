import { mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createCommandActivities, type CommandDeps } from '../../activities/command.ts';
import type { MeasuredAttempt } from '../../activities/render.ts';
import type { CommandRun } from '../../lib/realityserver/client.ts';
import { createRealityServer } from '../../lib/realityserver/http.ts';
import { createFileStore } from '../../lib/results/file-store.ts';
import { createStaging } from '../../lib/results/staging.ts';
import { startSimulator, type Simulator } from '../../simulator/server.ts';

import { aJobInput } from './a-job-input.ts';
import { silentLog } from './silent-log.ts';

type CommandInput = Parameters<ReturnType<typeof createCommandActivities>['runCommand']>[0];

/** A command as its workflow asks for it; a test names what it cares about. */
export function aCommand(changes: Partial<CommandInput> & { parameters?: unknown } = {}): CommandInput {
  const { command = 'render_product', parameters = { width: 16 }, ...rest } = changes;
  const { queue, limits } = aJobInput();
  const body = { text: JSON.stringify({ command, parameters }) };
  return { queue, command, body, occurrence: 0, generation: 0, limits, mayBeStaged: false, ...rest };
}

/** A render host in this process: real staging, store and simulator; its GPU slot is the test's. */
export async function aRenderHost(changes: Partial<CommandDeps> = {}) {
  const simulator: Simulator = await startSimulator();
  const realityServer = createRealityServer({ url: simulator.url });
  const folder = mkdtempSync(join(tmpdir(), 'dqm-test-'));
  const faults: unknown[] = [];
  const attempts: MeasuredAttempt[] = [];
  const abandoned: CommandRun[] = [];
  const deps: CommandDeps = {
    host: 'gpu-01',
    identity: 'gpu@gpu-01/1',
    allowCommands: new Set(['render_product', 'big_result', 'echo', 'sleep', 'fault']),
    commands: new Map(),
    stallTimeoutMs: 0,
    realityServer,
    gpu: {
      take: () => ({ turn: () => Promise.resolve(true), release() {}, done() {} }),
      probe: () => Promise.resolve(),
      answered() {},
      fault: (reason) => faults.push(reason),
      commandFailed() {},
      begin() {},
      over() {},
      abandon: (_command, run) => void abandoned.push(run),
      foundMark: () => false,
    },
    paused: () => null,
    hostsBack: () => Promise.resolve([]),
    engineWasAway: () => false,
    staging: createStaging({ folder: join(folder, 'staging'), identity: 'gpu@gpu-01/1' }),
    store: createFileStore({ root: join(folder, 'store') }),
    measured: (attempt) => attempts.push(attempt),
    log: silentLog,
    now: () => performance.now(),
    ...changes,
  };
  return {
    ...createCommandActivities(deps),
    ...deps,
    simulator,
    faults,
    attempts,
    abandoned,
    /** Names of what stands in its staging folder. */
    staged: () => readdir(join(folder, 'staging', encodeURIComponent('gpu@gpu-01/1'))).catch(() => []),
    /** The next calls of a command fail so. */
    plan: async (fault: object) => {
      const planned = await realityServer.run('sim_faults', JSON.stringify(fault), new AbortController().signal);
      planned.bytes.resume();
    },
    close: async () => {
      await realityServer.close();
      await simulator.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
