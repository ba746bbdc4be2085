import { table, type Column } from '../../../../cli/output/table.ts';
import { widthOf } from '../../../../cli/output/text.ts';

interface Row {
  state: string;
  job: string;
  host?: string;
}

const columns: Column<Row>[] = [
  { title: 'STATE', text: ({ state }) => state },
  { title: 'JOB', text: ({ job }) => job, leastWidth: 8 },
  { title: 'HOST', text: ({ host }) => host ?? '', leastWidth: 5, leaveOut: 1 },
];

const linesOf = (rows: Row[], width: number) => table(columns, rows, width).split('\n').slice(0, -1);

test('cells stand under their titles, no line ends in spaces', () => {
  expect(
    linesOf(
      [
        { state: 'waiting', job: 'a', host: '' },
        { state: 'running', job: 'chair-1', host: 'gpu-07' },
      ],
      80,
    ),
  ).toEqual(['STATE    JOB      HOST', 'waiting  a', 'running  chair-1  gpu-07']);
});

test('a column that says nothing in any row is left out', () => {
  expect(linesOf([{ state: 'waiting', job: 'a' }], 80)[0]).toBe('STATE    JOB');
});

test('where room is short the widest cells are cut, then columns left out; what must stay stays', () => {
  const rows = [{ state: 'completed', job: 'a-very-long-name-of-a-job', host: 'gpu-07.farm.example' }];
  expect(linesOf(rows, 40)[1]).toBe('completed  a-very-long-…  gpu-07.farm.e…');
  expect(linesOf(rows, 26)[1]).toBe('completed  a-very-…  gpu-…');
  expect(linesOf(rows, 22)[1]).toBe('completed  a-very-lon…');
  expect(linesOf(rows, 5)[1]).toBe('completed  a-very-…');
});

test.each([60, 80, 120, 200])('no line is wider than %i columns', (width) => {
  const job = '漢字'.repeat(60);
  const host = 'gpu-'.repeat(40);
  for (const line of linesOf([{ state: 'delivering', job, host }], width))
    expect(widthOf(line)).toBeLessThanOrEqual(width);
});

test('colour is put around finished cells', () => {
  const painted = columns.map((column) => ({ ...column, paint: (cell: string) => `<${cell}>` }));
  const text = table(painted, [{ state: 'a', job: 'b' }], 80, (title) => `[${title}]`);
  expect(text).toBe('[STATE]  [JOB]\n<a    >  <b  >\n');
});

test('a value cannot break out of its line', () => {
  expect(linesOf([{ state: 'waiting', job: 'a\n\u001b[31mred' }], 80)[1]).toBe('waiting  a [31mred');
});
