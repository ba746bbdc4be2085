import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';

import { listJobs } from '../../../../lib/jobs/list.ts';

import { anInfo, secondsLater } from './a-job.ts';

/** What its only host answers: the ids of the jobs whose commands it has in hand, or nothing in time. */
type HostAnswer = string[] | null;

/** An engine with `count` jobs that say `waiting`, of which those named run. Numbered by age, 0 is the newest. */
function anEngine(count: number, runningIds: string[] = [], answer: HostAnswer = runningIds) {
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
    execute: () => Promise.resolve([answer && { workflowIds: answer.map((id) => `job/renders/${id}`) }]),
  };
  const workerHeartbeat = { workerIdentity: 'gpu@gpu-07/1', taskQueue: 'dqm-gpu-renders', status: 1 };
  const workflowService = {
    listWorkers: () => Promise.resolve({ workersInfo: [{ workerHeartbeat }], nextPageToken: new Uint8Array() }),
    describeTaskQueue: () => Promise.resolve({ pollers: [] }),
  };
  const client = { options: real.options, workflow, connection: { workflowService } } as unknown as Client;
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

test('of a few that wait each is asked whether it runs', async () => {
  const { client } = anEngine(400, ['398', '20'], []);
  expect(idsOf(await listJobs(client, { state: 'running', limit: 10 }))).toEqual(['20', '398']);
});

test('where many wait the hosts tell which run, and only those are asked', async () => {
  const { client, described } = anEngine(900, ['898', '500', '20']);
  const rows = await listJobs(client, { state: 'running', limit: 10 });
  expect(new Set(idsOf(rows))).toEqual(new Set(['898', '500', '20']));
  expect(described).toHaveLength(3);
});

test('a job that a host has in hand no longer, or that a filter leaves out, is not among them', async () => {
  const { client } = anEngine(900, ['898', '500'], ['898', '500', '20']);
  expect(new Set(idsOf(await listJobs(client, { state: 'running', limit: 10 })))).toEqual(new Set(['898', '500']));
  expect(await listJobs(client, { state: 'running', command: 'echo', limit: 10 })).toEqual([]);
  expect(await listJobs(client, { state: 'running', queue: 'nightly', limit: 10 })).toEqual([]);
  expect(await listJobs(client, { state: 'running', since: secondsLater(1), limit: 10 })).toEqual([]);
});

test('while a host is silent each job that waits is asked: none that runs is missed', async () => {
  const { client } = anEngine(900, ['898', '20'], null);
  const rows = await listJobs(client, { state: 'running', limit: 10 });
  expect(new Set(idsOf(rows))).toEqual(new Set(['898', '20']));
});

test('a long list asks 500 jobs and believes visibility for the rest', async () => {
  const { client, described } = anEngine(900, ['10', '700']);
  const rows = await listJobs(client, { limit: 900 });
  expect(described).toHaveLength(500);
  expect(rows.filter(({ state }) => state === 'running')).toHaveLength(1);
});
