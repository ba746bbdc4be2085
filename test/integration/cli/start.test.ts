import { spawnSync } from 'node:child_process';

import { configText } from '../../support/a-config.ts';
import { aNamespace, type TestNamespace } from '../../support/a-namespace.ts';
import { aFolder, PROGRAM } from '../../support/dqm-process.ts';
import { servers } from '../../support/servers.ts';

let engine: TestNamespace;
const folder = aFolder();
beforeAll(async () => {
  engine = await aNamespace();
});
afterAll(async () => {
  await engine?.close();
  folder.remove();
});

/** Interleaved, so that all of them see the same machine. */
const ROUNDS = 5;

/** Seconds of a processor, of the quickest run of each: what else the machine does hardly shows in them. */
function cpuSeconds<Name extends string>(programs: Record<Name, readonly string[]>): Record<Name, number> {
  const names = Object.keys(programs) as Name[];
  const rounds = Array.from({ length: ROUNDS }, () => names.map((name) => cpuSecondsOfOne(programs[name])));
  const least = names.map((name, column) => [name, Math.min(...rounds.map((round) => round[column] ?? NaN))]);
  return Object.fromEntries(least) as Record<Name, number>;
}

function cpuSecondsOfOne(args: readonly string[]): number {
  const script = 'TIMEFORMAT="%U %S"; time "$@" > /dev/null 2>&1 < /dev/null';
  const { stderr, status } = spawnSync('bash', ['-c', script, 'bash', process.execPath, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
  const [user = NaN, system = NaN] = stderr.trim().split(' ').map(Number);
  return user + system;
}

test('a command that asks the engine costs little more than its client, and what asks nobody less than that', () => {
  const config = folder.file(
    'realityserver.conf',
    configText({
      dqm: `temporal_address ${servers().temporalAddress}\ntemporal_namespace ${engine.namespace}\ndata_folder data`,
    }),
  );
  const { client, jobs, help, tab } = cpuSeconds({
    client: ['-e', "require('@temporalio/client')"],
    jobs: [PROGRAM, 'jobs', '--config', config],
    help: [PROGRAM, '--help'],
    tab: [PROGRAM, '__complete', 'jobs', '--config', config, '--queue', ''],
  });
  expect(jobs / client).toBeLessThan(2.4);
  expect(help / client).toBeLessThan(0.8);
  expect(tab / client).toBeLessThan(0.8);
});
