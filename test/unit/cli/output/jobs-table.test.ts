import { failureLines, jobsTable } from '../../../../cli/output/jobs-table.ts';
import { DqmError, DqmGpuSeconds, DqmHost } from '../../../../lib/contract/search-attributes.ts';
import { jobRow } from '../../../../lib/jobs/row.ts';
import { anInfo, secondsLater } from '../../lib/jobs/a-job.ts';

const ui = { uiUrl: null, namespace: 'default' };
const nowMs = secondsLater(7_500).getTime();
const memo = { job_id: 'chair-1', tenant: 'acme', priority: 2 };

const rows = [
  jobRow(anInfo({ state: 'waiting', memo, startTime: secondsLater(7_490) }), ui),
  jobRow(
    anInfo({
      status: 'FAILED',
      state: 'failed',
      memo: { ...memo, job_id: '4b0e9a52-8f5e-4f3b-9a52-0c5f6a8e9d10' },
      attributes: [
        { key: DqmError, value: 'UnexpectedResult' },
        { key: DqmHost, value: 'gpu-07.farm.example' },
        { key: DqmGpuSeconds, value: 200 },
      ],
    }),
    ui,
  ),
];

test.each([60, 100, 200])('jobs in %i columns', (columns) => {
  expect(jobsTable(rows, { columns, colour: false }, nowMs)).toMatchSnapshot();
});

test('what failed is one line, cut where the terminal ends', () => {
  const group = {
    error: 'UnexpectedResult',
    command: 'render_product',
    host: 'gpu-07.of-a-farm-with-a-very-long-name.example',
    count: 37,
    newest: new Date(2026, 2, 1, 2, 14).toISOString(),
  };
  const lines = (columns: number) =>
    failureLines([group], { columns, colour: false }, Date.parse(group.newest) + 1_000);
  expect(lines(200)).toBe(
    '37 failed: UnexpectedResult, render_product on gpu-07.of-a-farm-with-a-very-long-name.example, newest 02:14\n',
  );
  expect(lines(60)).toHaveLength(61);
});
