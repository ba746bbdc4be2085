import { Client, Connection } from '@temporalio/client';

import { jobsOverview } from '../../../../lib/jobs/list.ts';
import type { ExecutionInfo } from '../../../../lib/jobs/row.ts';

import { anInfo, secondsLater } from './a-job.ts';

/** What the engine gives at once at most; a full page is followed by one more, which may be empty. */
const PAGE = 1_000;

/** An engine that holds these runs, what ended last first, and counts the pages that it is asked for. */
function anEngine(infos: readonly ExecutionInfo[]) {
  let queries = 0;
  const inQuery = (query: string, { workflowId, status }: ExecutionInfo): boolean => {
    if (query.startsWith('WorkflowId IN')) return query.includes(`'${workflowId}'`);
    return !query.includes(`ExecutionStatus IN ('Failed'`) || status.name === 'FAILED';
  };
  const workflow = {
    list: async function* ({ query, pageSize }: { query: string; pageSize: number }) {
      const found = infos.filter((info) => inQuery(query, info));
      const size = Math.min(pageSize, PAGE);
      for (let from = 0; from <= found.length; from += size) {
        queries += 1;
        yield* found.slice(from, from + size);
      }
    },
  };
  const { options } = new Client({ connection: Connection.lazy() });
  return { client: { options, workflow } as unknown as Client, queries: () => queries };
}

/** Such a run of the job of that number; lower numbers ended later. */
const aRun = (status: 'COMPLETED' | 'FAILED', number: number, runId = `run-${number}`): ExecutionInfo =>
  anInfo({
    workflowId: `job/renders/${number}`,
    runId,
    status,
    state: status === 'FAILED' ? 'failed' : 'completed',
    memo: { job_id: String(number) },
    startTime: secondsLater(-number),
  });

const numbers = (count: number, from = 0): number[] => Array.from({ length: count }, (_, index) => from + index);

test('a list among exactly 1,000 failed jobs costs three queries', async () => {
  const { client, queries } = anEngine([
    ...numbers(100).map((number) => aRun('COMPLETED', number)),
    ...numbers(1_000, 100).map((number) => aRun('FAILED', number)),
  ]);
  const { rows, failures } = await jobsOverview(client, { limit: 50 });
  expect(rows).toHaveLength(50);
  expect(failures).toMatchObject([{ count: 1_000 }]);
  expect(queries()).toBe(3);
});

test('so does one of failed jobs alone', async () => {
  const { client, queries } = anEngine(numbers(1_000).map((number) => aRun('FAILED', number)));
  const { rows } = await jobsOverview(client, { state: 'failed', limit: 50 });
  expect(rows).toHaveLength(50);
  expect(queries()).toBe(3);
});

test('a failed run counts no more once a later run of its job is known, wherever that one stands', async () => {
  const retried = aRun('FAILED', 70);
  const { client } = anEngine([
    ...numbers(60).map((number) => aRun('COMPLETED', number)),
    { ...aRun('COMPLETED', 70, 'later'), startTime: secondsLater(-60) },
    retried,
    ...numbers(3, 100).map((number) => aRun('FAILED', number)),
  ]);
  const all = await jobsOverview(client, { limit: 100 });
  expect(all.rows).toHaveLength(64);
  expect(all.failures).toMatchObject([{ count: 3 }]);
  expect((await jobsOverview(client, { limit: 10 })).failures).toMatchObject([{ count: 3 }]);
  expect((await jobsOverview(client, { state: 'failed', limit: 10 })).rows).toHaveLength(3);
});
