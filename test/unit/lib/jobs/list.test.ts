import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';

import { listJobs } from '../../../../lib/jobs/list.ts';

import { anInfo, secondsLater } from './a-job.ts';

/** An engine with `count` jobs that say `waiting`, of which those named run. Numbered by age, 0 is the newest. */
function anEngine(count: number, runningIds: string[] = []) {
  const described: string[] = [];
  let atOnce = 0;
  let mostAtOnce = 0;
  const infos = Array.from({ length: count }, (_, age) =>
    anInfo({ workflowId: `job/renders/${age}`, memo: { job_id: String(age) } }),
  );
  const real = new Client({ connection: Connection.lazy() });
  const workflow = {
    list: async function* () {
      yield* infos;
    },
    getHandle: (workflowId: string) => ({
      describe: async () => {
        described.push(workflowId);
        mostAtOnce = Math.max(mostAtOnce, (atOnce += 1));
        await new Promise(setImmediate);
        atOnce -= 1;
        const info = infos.find((candidate) => candidate.workflowId === workflowId);
        const runs = runningIds.includes(workflowId.split('/')[2] ?? '');
        const lastStartedTime = msToTs(secondsLater(1).getTime());
        const command = { activityType: { name: 'runCommand' }, state: 2, lastStartedTime };
        return { ...info, raw: { pendingActivities: runs ? [command] : [] } };
      },
    }),
  };
  const client = { options: real.options, workflow } as unknown as Client;
  return { client, described, mostAtOnce: () => mostAtOnce };
}

const idsOf = (rows: { job_id: string | null }[]) => rows.map(({ job_id }) => job_id);

test('rows keep their order and each that says waiting is asked, a few at once', async () => {
  const { client, described, mostAtOnce } = anEngine(40, ['3']);
  const rows = await listJobs(client, { limit: 30 });
  expect(idsOf(rows)).toEqual(Array.from({ length: 30 }, (_, age) => String(age)));
  expect(rows.map(({ state }) => state === 'running')).toEqual(rows.map(({ job_id }) => job_id === '3'));
  expect(described).toHaveLength(30);
  expect(mostAtOnce()).toBeLessThanOrEqual(8);
  expect(mostAtOnce()).toBeGreaterThan(1);
});

test('a list of waiting jobs is filled up for those that turn out to run', async () => {
  const { client } = anEngine(10, ['0', '2']);
  expect(idsOf(await listJobs(client, { state: 'waiting', limit: 3 }))).toEqual(['1', '3', '4']);
});

test('running jobs are looked for among the oldest that wait, and come newest first', async () => {
  const { client, described } = anEngine(900, ['898', '500', '20']);
  expect(idsOf(await listJobs(client, { state: 'running', limit: 10 }))).toEqual(['500', '898']);
  expect(described).toHaveLength(500);
});

test('a long list asks 500 jobs and believes visibility for the rest', async () => {
  const { client, described } = anEngine(900, ['10', '700']);
  const rows = await listJobs(client, { limit: 900 });
  expect(described).toHaveLength(500);
  expect(rows.filter(({ state }) => state === 'running')).toHaveLength(1);
});
