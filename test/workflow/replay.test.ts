import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Worker } from '@temporalio/worker';

import { servers } from '../support/servers.ts';

/** Of real jobs, exported with `temporal workflow show --output json`: jobs of older versions are open somewhere. */
const FOLDER = join(__dirname, 'histories');
const histories = readdirSync(FOLDER).map((file) => [
  file,
  JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as unknown,
]);

const { workflowBundle } = servers();

test.each(histories)('%s still replays', async (file, history) => {
  const workflowId = String(file).replace(/\.json$/, '');
  await expect(Worker.runReplayHistory({ workflowBundle }, history, workflowId)).resolves.toBeUndefined();
});

test('a history that this version would not write does not replay', async () => {
  const [, history] = histories.find(([file]) => file === 'completed.json') ?? [];
  const changed = JSON.parse(JSON.stringify(history).replaceAll('"s3_upload"', '"fax_it"')) as unknown;
  await expect(Worker.runReplayHistory({ workflowBundle }, changed, 'changed')).rejects.toThrow(/determinis/i);
});
