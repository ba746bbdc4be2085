import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import { DYNAMIC_CONFIG_FILE, dynamicConfigFlags } from '../../lib/engine/dynamic-config.ts';

const run = promisify(execFile);
const FILE = 'temporal-compose.yml';

const Service = z.strictObject({
  image: z.string(),
  user: z.string().optional(),
  hostname: z.string().optional(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  ports: z.array(z.string()),
  volumes: z.array(z.string()).optional(),
  healthcheck: z
    .strictObject({ test: z.array(z.string()), interval: z.string(), timeout: z.string(), retries: z.number() })
    .optional(),
  restart: z.string(),
});
const Compose = z.strictObject({
  name: z.string(),
  services: z.strictObject({ temporal: Service, rabbitmq: Service, emulator: Service }),
  volumes: z.record(z.string(), z.null()),
});

const readCompose = async () => Compose.parse(parse(await readFile(FILE, 'utf8')));
/** Compose's way to write a dollar sign. */
const asTheContainerSees = (texts: readonly string[] = []) => texts.map((text) => text.replaceAll('$$', '$'));

test.each(['temporal', 'rabbitmq', 'emulator'] as const)(
  '%s is pinned and reachable from this machine alone',
  async (name) => {
    const { image, ports } = (await readCompose()).services[name];
    expect(image).toMatch(/^[a-z/]+:\d+\.\d+\.\d+(-management)?$/);
    expect(ports).not.toHaveLength(0);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  },
);

test('every named volume is declared, and Temporal keeps its database on one', async () => {
  const { services, volumes } = await readCompose();
  const mounts = Object.values(services).flatMap((service) => service.volumes ?? []);
  const named = mounts.map((mount) => mount.split(':')[0] ?? '').filter((source) => !source.startsWith('.'));
  expect(new Set(named)).toEqual(new Set(Object.keys(volumes)));
  expect(services.temporal.volumes).toContain('temporal-data:/data');
  expect(services.temporal.command).toContain('--db-filename=/data/engine.db');
});

test("Temporal's settings are the very file that the embedded engine reads", async () => {
  const { volumes } = (await readCompose()).services.temporal;
  const mounted = volumes?.find((mount) => mount.includes('dynamic-config'))?.split(':') ?? [];
  expect(await realpath(mounted[0] ?? '')).toBe(await realpath(fileURLToPath(DYNAMIC_CONFIG_FILE)));
  expect(mounted[2]).toBe('ro');
});

test('the container starts Temporal with the same flags as the embedded engine', async () => {
  const { temporal } = (await readCompose()).services;
  const [program = '', ...args] = asTheContainerSees([...(temporal.entrypoint ?? []), ...(temporal.command ?? [])]);
  const folder = await mkdtemp(join(tmpdir(), 'dqm-compose-'));
  await writeFile(join(folder, 'temporal'), '#!/bin/sh\nprintf "%s\\n" "$@"\n');
  await chmod(join(folder, 'temporal'), 0o755);

  const here = args.map((arg) => arg.replaceAll('/etc/dqm/dynamic-config.yaml', fileURLToPath(DYNAMIC_CONFIG_FILE)));
  const { stdout } = await run(program, here, { env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` } });
  await rm(folder, { recursive: true });

  expect(stdout.trim().split('\n')).toEqual([
    'server',
    'start-dev',
    ...(temporal.command ?? []),
    ...dynamicConfigFlags(),
  ]);
});

const composers = [['docker', 'compose'], ['docker-compose']].filter(
  ([program = '', ...rest]) => spawnSync(program, [...rest, 'version']).status === 0,
);

for (const [program = '', ...rest] of composers) {
  test(`${program} itself understands the file`, async () => {
    await expect(run(program, [...rest, '-f', FILE, 'config', '--quiet'])).resolves.toBeDefined();
  });
}
