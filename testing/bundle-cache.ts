import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';

import type { WebpackConfig } from '../workers/chain-mistakes.ts';

/** One bundle and all that it was made of. */
interface Kept {
  /** sha256 by file. */
  files: Record<string, string>;
  /** Where the bundler looked and found nothing. */
  missing: string[];
  bundle: WorkflowBundleWithSourceMap;
}

/**
 * A module's bundle out of `node_modules/.cache` of its project, where an earlier process left it: as long as no file that
 * it was made of has changed. Else `make` makes it; its bundler is given to `watch`.
 */
export async function cachedBundle(
  module: string,
  make: (watch: (config: WebpackConfig) => WebpackConfig) => Promise<WorkflowBundleWithSourceMap>,
): Promise<WorkflowBundleWithSourceMap> {
  const file = cacheFileOf(module);
  if (file === undefined) return make((config) => config);
  const kept = await readKept(file);
  if (kept && (await isCurrent(kept))) return kept.bundle;
  const beganMs = Date.now();
  let used: Used = { files: [], missing: [] };
  const bundle = await make((config) => withPlugin(config, (each) => (used = each)));
  const files = await hashesOf(used.files);
  // What was saved in the meantime may be in the bundle or not.
  const changed = await Promise.all(Object.keys(files).map(async (each) => (await stat(each)).mtimeMs >= beganMs));
  // A project that cannot be written to does without.
  if (!changed.includes(true)) await keep(file, { files, missing: used.missing, bundle }).catch(() => undefined);
  return bundle;
}

interface Used {
  files: string[];
  missing: string[];
}

function cacheFileOf(module: string): string | undefined {
  for (let folder = dirname(module); ; folder = dirname(folder)) {
    const modules = join(folder, 'node_modules');
    const name = createHash('sha256').update(module).digest('hex').slice(0, 32);
    if (existsSync(modules)) return join(modules, '.cache/durable-queue-manager', `${name}.json`);
    if (folder === dirname(folder)) return undefined;
  }
}

const readKept = (file: string): Promise<Kept | undefined> =>
  readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as Kept,
    () => undefined,
  );

async function isCurrent({ files, missing }: Kept): Promise<boolean> {
  if (missing.some((file) => existsSync(file))) return false;
  const now = await hashesOf(Object.keys(files));
  return Object.entries(files).every(([file, hash]) => now[file] === hash);
}

/** Of those that are files: the bundler names folders too, and what it made up itself. */
async function hashesOf(files: readonly string[]): Promise<Record<string, string>> {
  const hashes = await Promise.all(
    files.map(async (file) => {
      const isFile = (await stat(file).catch(() => undefined))?.isFile();
      return isFile
        ? [
            [
              file,
              createHash('sha256')
                .update(await readFile(file))
                .digest('hex'),
            ],
          ]
        : [];
    }),
  );
  return Object.fromEntries(hashes.flat()) as Record<string, string>;
}

const withPlugin = (config: WebpackConfig, look: (used: Used) => void): WebpackConfig => ({
  ...config,
  plugins: [
    ...(config.plugins ?? []),
    {
      apply: (compiler) =>
        compiler.hooks.done.tap('bundle cache', ({ compilation: { fileDependencies, missingDependencies } }) =>
          look({ files: [...fileDependencies], missing: [...missingDependencies] }),
        ),
    },
  ],
});

/** Test runners run several processes at once: none reads half of it. */
async function keep(file: string, kept: Kept): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}`;
  await writeFile(partial, JSON.stringify(kept));
  await rename(partial, file);
}
