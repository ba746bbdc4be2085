import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode, type BundleOptions, type WorkflowBundleWithSourceMap } from '@temporalio/worker';

import type { Log } from '../lib/log.ts';

const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const source = (file: string): string => fileURLToPath(new URL(`../${file}.${EXTENSION}`, import.meta.url));

/**
 * The workflows, and the user's chains where there are some, as one script for Temporal's sandbox. `interceptors`: a
 * source of ours that stands between them and the engine.
 */
export async function bundleWorkflows(
  log: Log,
  chainsModule?: string,
  interceptors?: string,
): Promise<WorkflowBundleWithSourceMap> {
  const folder = await mkdtemp(join(tmpdir(), 'dqm-chains-'));
  try {
    // Not `.js`, which a package.json above the folder may declare to be a module.
    const workflowsPath = join(folder, 'entry.cjs');
    await writeFile(workflowsPath, entryText(chainsModule));
    return await bundleWorkflowCode({
      workflowsPath,
      logger: bundlerLogger(log),
      webpackConfigHook,
      ...(interceptors !== undefined && { workflowInterceptorModules: [source(interceptors)] }),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The SDK runs the export that has the workflow type's name, else the default one: so there is no export but `default`,
 * and nothing is inherited either, or a job named `toString` would end without having run.
 */
const entryText = (chainsModule: string | undefined): string =>
  `const { createWorkflow } = require(${JSON.stringify(source('workflows/index'))});
const chains = ${chainsModule === undefined ? '{}' : `require(${JSON.stringify(chainsModule)})`};
module.exports = Object.assign(Object.create(null), { default: createWorkflow(chains) });
`;

type WebpackConfig = Parameters<NonNullable<BundleOptions['webpackConfigHook']>>[0];

/** Chains import the kit by name, wherever they are: it is this program's own, one for the chains and the workflow. */
function webpackConfigHook(config: WebpackConfig): WebpackConfig {
  const sdk = dirname(createRequire(import.meta.url).resolve('@temporalio/workflow/package.json'));
  const alias = {
    ...(config.resolve?.alias as Record<string, string | false>),
    'durable-queue-manager/chains$': source('workflows/chains/index'),
    '@temporalio/workflow': sdk,
  };
  // The user's own come first; the entry itself stands outside of every project.
  const modules = [...(config.resolve?.modules ?? []), join(sdk, '../..')];
  return { ...config, resolve: { ...config.resolve, alias, modules } };
}

/** Webpack's progress is of use to nobody but whoever looks for a mistake in a chain. */
function bundlerLogger(log: Log) {
  const quiet = (message: string): void => log.debug(message);
  const loud = (message: string): void => log.warn(message);
  return { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: loud, error: loud };
}
