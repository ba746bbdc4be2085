import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { defaultPayloadConverter, fromPayloadsAtIndex } from '@temporalio/common';
import { Worker } from '@temporalio/worker';

import { misfitIn, misfitText } from '../lib/jobs/misfit.ts';
import { errorText } from '../lib/log.ts';
import { installRuntime } from '../lib/runtime.ts';
import { workflowsOf } from '../workers/bundle.ts';
import { STEP_LIMIT } from '../workers/step-limit.ts';

import { UsageError, type Context } from './context.ts';
import { EXIT_FAILED } from './exit.ts';
import { jsonLine } from './output/output.ts';

type History = ReturnType<typeof historyFromJSON>;

/** `dqm check --replay DIR`: whether the chains, as they are now, still do what exported histories say. Exit code 1 when not. */
export async function checkReplay({ config, log, output }: Context, folder: string): Promise<void> {
  const histories = await historiesIn(folder);
  await installRuntime(log);
  const workflowBundle = await workflowsOf(config, log);
  for (const { file, history } of histories) {
    const reason = await Worker.runReplayHistory({ workflowBundle, ...STEP_LIMIT }, history).then(
      () => undefined,
      (error: unknown) => whyNot(history, errorText(error)),
    );
    if (reason !== undefined) process.exitCode = EXIT_FAILED;
    if (output.json)
      output.write(jsonLine({ file, outcome: reason === undefined ? 'fits' : 'misfit', reason: reason ?? null }));
    else output.write(`${file}: ${reason === undefined ? 'fits' : `no longer fits, ${reason}`}\n`);
  }
}

async function historiesIn(folder: string): Promise<{ file: string; history: History }[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new UsageError(`--replay ${folder}: ${errorText(error)}`);
  });
  const files = names.filter((name) => name.endsWith('.json')).sort();
  if (files.length === 0) {
    throw new UsageError(`--replay ${folder}: no .json in it; dqm history export ID -o FILE writes one`);
  }
  return Promise.all(files.map((name) => readHistory(join(folder, name))));
}

async function readHistory(file: string): Promise<{ file: string; history: History }> {
  try {
    return { file, history: historyFromJSON(JSON.parse(await readFile(file, 'utf8'))) };
  } catch (error) {
    throw new UsageError(`${file} is no exported history: ${errorText(error)}`);
  }
}

/** The engine names the event that does not fit; people know the step by its summary. */
async function whyNot({ events }: History, text: string): Promise<string> {
  const misfit = await misfitIn(events ?? [], text, (summary) =>
    fromPayloadsAtIndex(defaultPayloadConverter, 0, [summary]),
  );
  return misfit ? `${misfitText(misfit)}: ${text}` : text;
}
