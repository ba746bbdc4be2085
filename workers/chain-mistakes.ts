import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';

import type { BundleOptions } from '@temporalio/worker';

import { errorText } from '../lib/log.ts';
import { UserModuleError } from '../lib/user-module.ts';

export type WebpackConfig = Parameters<NonNullable<BundleOptions['webpackConfigHook']>>[0];

/** What is wrong with a chains module as the bundler sees it. */
export interface ChainMistakes {
  /** Notes forbidden imports and the bundler's errors, and lets it go on to the end. */
  watch(config: WebpackConfig): WebpackConfig;
  /** Fails with all that was found, `file:line: …` each; `error`: what the bundler itself said. */
  fail(error?: unknown): void;
}

/** Node's own that have a substitute in the sandbox. */
const ALLOWED = new Set(['assert', 'url', 'util']);

const SDK = /^@temporalio\/(?:activity|client|worker|testing|core-bridge)(?:\/|$)/;

/** Why a chain cannot import it, and what to do; undefined when it can. */
function whyForbidden(request: string): string | undefined {
  const bare = request.replace(/^node:/, '');
  if (builtinModules.includes(bare) && !(ALLOWED.has(bare) && bare === request)) {
    return 'chains run in a sandbox without Node: files, network and processes are for commands and tasks';
  }
  if (/^zod(?:\/|$)/.test(request)) {
    return "schemas stay out of chains: put them into parameters.ts, and take their types by 'import type'";
  }
  if (/^durable-queue-manager\/(?:tasks|testing)$/.test(request)) {
    return 'tasks run on a job worker, outside of chains: list them in the message and pass them to deliver';
  }
  if (SDK.test(request)) return 'a chain may use durable-queue-manager/chains and @temporalio/workflow';
  return undefined;
}

export function createChainMistakes(chainsModule: string): ChainMistakes {
  if (!existsSync(chainsModule)) throw new UserModuleError(`chains_module ${chainsModule} does not exist`);
  const found = new Set<string>();

  function noteImport(request: string, issuer: string): void {
    const why = issuer === '' ? undefined : whyForbidden(request);
    // Our own workflow code is held to the rules by lint, and the SDK knows what it does.
    if (why !== undefined && !/@temporalio|protobufjs/.test(issuer)) {
      found.add(`${issuer}:${lineOf(request, issuer)}: imports ${request}; ${why}`);
    }
  }

  return {
    watch: (config) => ({
      ...config,
      externals: [
        ...(Array.isArray(config.externals) ? config.externals : config.externals ? [config.externals] : []),
        async ({ request = '', contextInfo }: { request?: string; contextInfo?: { issuer: string } }) => {
          noteImport(request, contextInfo?.issuer ?? '');
          return undefined;
        },
      ],
      plugins: [
        ...(config.plugins ?? []),
        {
          apply: (compiler) =>
            compiler.hooks.done.tap('chain mistakes', ({ compilation }) => {
              for (const error of compilation.errors) {
                const text = mistakeText(error);
                if (text !== undefined) found.add(text);
              }
            }),
        },
      ],
    }),
    fail: (error) => {
      if (found.size > 0) throw new UserModuleError([...found].join('\n'));
      if (error !== undefined) {
        throw new UserModuleError(`chains_module ${chainsModule}: ${errorText(error)}`, { cause: error });
      }
    },
  };
}

/** As much of webpack's errors as is read. */
interface BundlerError extends Error {
  module?: { resource?: string } | null;
}

/** Undefined: of an import that is told already. */
function mistakeText({ message, module }: BundlerError): string | undefined {
  if (/UnhandledSchemeError/.test(message)) return undefined;
  const file = module?.resource ?? 'the chains module';
  const [, missing] = /Can't resolve '([^']+)'/.exec(message) ?? [];
  if (missing !== undefined && whyForbidden(missing) !== undefined) return undefined;
  if (missing !== undefined) return `${file}:${lineOf(missing, file)}: cannot find ${missing}, which it imports`;
  // swc: the mistake behind a cross, then a frame that names the place.
  const [, mistake, place = file] = /[x×] (.+)\s+[,╭][-─]+\[(.+?:\d+):\d+\]/.exec(message) ?? [];
  if (mistake !== undefined) return `${place}: ${mistake}`;
  const [, parsed, line] = /Module parse failed: (.+?) \((\d+):\d+\)/.exec(message) ?? [];
  if (parsed !== undefined) return `${file}:${line}: ${parsed}`;
  return `${file}: ${message.split('\n')[0]}`;
}

/** The bundler does not say where in a file an import stands. */
function lineOf(request: string, file: string): number {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const index = lines.findIndex((line) => line.includes(`'${request}'`) || line.includes(`"${request}"`));
  return index === -1 ? 1 : index + 1;
}
