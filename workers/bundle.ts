import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode, type WorkflowBundleOption, type WorkflowBundleWithSourceMap } from '@temporalio/worker';

import type { Config } from '../lib/config/config.ts';
import type { Log } from '../lib/log.ts';
import { UserModuleError } from '../lib/user-module.ts';

import { createChainMistakes, type WebpackConfig } from './chain-mistakes.ts';
import { inspectChains } from './inspect-chains.ts';
import { withLoopGuard } from './loop-guard.ts';

const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const source = (file: string): string => fileURLToPath(new URL(`../${file}.${EXTENSION}`, import.meta.url));

/** The workflows without chains, bundled by the build: doing that takes longer than all else of a job worker's start. */
export const BUILT_WORKFLOWS = fileURLToPath(
  // Tests run the sources, beside what the build made of them.
  new URL(EXTENSION === 'ts' ? '../dist/workflows/bundle.cjs' : '../workflows/bundle.cjs', import.meta.url),
);

/** What a job worker of this configuration runs. Rejects as `bundleChains`. */
export const workflowsOf = async (
  { dqm: { chainsModule }, allowCommands }: Config,
  log: Log,
): Promise<WorkflowBundleOption> =>
  chainsModule === undefined ? { codePath: BUILT_WORKFLOWS } : bundleChains(chainsModule, allowCommands, log);

export interface BundleParts {
  chainsModule?: string;
  /** A source of ours that stands between the workflows and the engine. */
  interceptors?: string;
  /** Sees the bundler's configuration last. */
  watch?(config: WebpackConfig): WebpackConfig;
}

/** The workflows, and the user's chains where there are some, as one script for Temporal's sandbox. */
export const bundleWorkflows = (
  log: Log,
  { chainsModule, interceptors, watch = (config) => config }: BundleParts = {},
): Promise<WorkflowBundleWithSourceMap> =>
  bundle({
    chainsModule,
    interceptors,
    logger: bundlerLogger(log, 'warn'),
    webpackConfigHook: (config) => watch(ofChains(config)),
  });

/**
 * The same for a job worker, which judges the chains first. Fails with `UserModuleError`, all mistakes at once, for a
 * module that cannot be bundled or loaded; `allowCommands`: those that a message can start.
 */
export async function bundleChains(
  chainsModule: string,
  allowCommands: ReadonlySet<string>,
  log: Log,
): Promise<WorkflowBundleWithSourceMap> {
  const mistakes = createChainMistakes(chainsModule);
  const bundled = await bundle({
    chainsModule,
    interceptors: undefined,
    // What the bundler prints is told as our own, without its stack.
    logger: bundlerLogger(log, 'debug'),
    webpackConfigHook: (config) => mistakes.watch(ofChains(config)),
  }).catch(mistakes.fail);
  mistakes.fail();
  if (!bundled) throw new Error('the bundler gave nothing');
  checkNames(inspectChains(bundled.code), { chainsModule, allowCommands, log });
  return bundled;
}

interface Bundling {
  chainsModule: string | undefined;
  interceptors: string | undefined;
  logger: ReturnType<typeof bundlerLogger>;
  webpackConfigHook(config: WebpackConfig): WebpackConfig;
}

async function bundle({
  chainsModule,
  interceptors,
  logger,
  webpackConfigHook,
}: Bundling): Promise<WorkflowBundleWithSourceMap> {
  const folder = await mkdtemp(join(tmpdir(), 'dqm-chains-'));
  try {
    // Not `.js`, which a package.json above the folder may declare to be a module.
    const workflowsPath = join(folder, 'entry.cjs');
    await writeFile(workflowsPath, entryText(chainsModule));
    const workflowInterceptorModules = interceptors === undefined ? [] : [source(interceptors)];
    return await bundleWorkflowCode({ workflowsPath, logger, webpackConfigHook, workflowInterceptorModules });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface ChainsModule {
  chainsModule: string;
  allowCommands: ReadonlySet<string>;
  log: Log;
}

function checkNames(exported: Record<string, string>, { chainsModule, allowCommands, log }: ChainsModule): void {
  const names = Object.keys(exported).filter((name) => exported[name] === 'function' && name !== 'default');
  const byLowerCase = new Map<string, string>();
  for (const name of names) {
    const other = byLowerCase.get(name.toLowerCase());
    if (other !== undefined) {
      throw new UserModuleError(`${chainsModule}: ${other} and ${name} differ in case alone: rename one`);
    }
    byLowerCase.set(name.toLowerCase(), name);
  }
  for (const [name, kind] of Object.entries(exported)) {
    if (name === 'default') log.warn('The default export is no chain: give it a name', { chainsModule });
    else if (kind !== 'function') log.warn('An export is no function, so it is no chain', { name, kind });
    else if (!allowCommands.has(name))
      log.warn('A chain is not listed by allow_command: no message can start it', { name });
  }
  log.info('Chains', { names, note: 'a chain wins over a command of RealityServer that has its name' });
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

const ofChains = (config: WebpackConfig): WebpackConfig => withLoopGuard(withKit(config));

/** Chains import the kit by name, wherever they are: it is this program's own, one for the chains and the workflow. */
function withKit(config: WebpackConfig): WebpackConfig {
  const sdk = dirname(createRequire(import.meta.url).resolve('@temporalio/workflow/package.json'));
  const alias = {
    ...(config.resolve?.alias as Record<string, string | false>),
    'durable-queue-manager/chains$': source('workflows/chains/index'),
    '@temporalio/workflow': sdk,
  };
  // The user's own come first; the entry itself stands outside of every project.
  const modules = [...(config.resolve?.modules ?? []), join(sdk, '../..')];
  // Lines are enough to find a mistake, and cost half of what columns do.
  const devtool = 'inline-cheap-module-source-map';
  return { ...config, devtool, resolve: { ...config.resolve, alias, modules } };
}

/** Webpack's progress is of use to nobody but whoever looks for a mistake in a chain. */
function bundlerLogger(log: Log, level: 'warn' | 'debug') {
  const quiet = (message: string): void => log.debug(message);
  const loud = (message: string): void => log[level](message);
  return { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: loud, error: loud };
}
