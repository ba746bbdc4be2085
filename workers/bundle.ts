import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode, type WorkflowBundleWithSourceMap } from '@temporalio/worker';

import type { Log } from '../lib/log.ts';

/** The workflows as one script for Temporal's sandbox. Works from the sources and from the build alike. */
export function bundleWorkflows(log: Log): Promise<WorkflowBundleWithSourceMap> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const workflowsPath = fileURLToPath(new URL(`../workflows/index.${extension}`, import.meta.url));
  return bundleWorkflowCode({ workflowsPath, logger: bundlerLogger(log) });
}

/** Webpack's progress is of use to nobody but whoever looks for a mistake in a chain. */
function bundlerLogger(log: Log) {
  const quiet = (message: string): void => log.debug(message);
  const loud = (message: string): void => log.warn(message);
  return { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: loud, error: loud };
}
