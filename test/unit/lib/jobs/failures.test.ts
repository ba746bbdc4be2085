import { DqmError, DqmHost } from '../../../../lib/contract/search-attributes.ts';
import { failureGroups } from '../../../../lib/jobs/failures.ts';
import { jobRow } from '../../../../lib/jobs/row.ts';

import { anInfo, secondsLater } from './a-job.ts';

const aFailedRow = (error: string, host: string, endedSeconds: number) =>
  jobRow(
    anInfo({
      status: 'FAILED',
      state: 'failed',
      closeTime: secondsLater(endedSeconds),
      attributes: [
        { key: DqmError, value: error },
        { key: DqmHost, value: host },
      ],
    }),
    { uiUrl: null, namespace: 'default' },
  );

test('what failed alike is one group with its newest, and the largest group comes first', () => {
  const rows = [
    aFailedRow('TaskRejected', 'gpu-01', 30),
    aFailedRow('UnexpectedResult', 'gpu-07', 10),
    aFailedRow('UnexpectedResult', 'gpu-07', 20),
  ];
  expect(failureGroups(rows)).toEqual([
    {
      error: 'UnexpectedResult',
      command: 'render_product',
      host: 'gpu-07',
      count: 2,
      newest: secondsLater(20).toISOString(),
    },
    {
      error: 'TaskRejected',
      command: 'render_product',
      host: 'gpu-01',
      count: 1,
      newest: secondsLater(30).toISOString(),
    },
  ]);
});

test('a workflow that was ended from outside is a group of its own', () => {
  const terminated = jobRow(anInfo({ status: 'TERMINATED' }), { uiUrl: null, namespace: 'default' });
  expect(failureGroups([terminated])).toMatchObject([{ error: 'Terminated', host: null, count: 1 }]);
});
