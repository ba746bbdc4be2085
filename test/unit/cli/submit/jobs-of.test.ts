import { jobsOf } from '../../../../cli/submit/jobs-of.ts';
import { aFolder } from '../../../support/dqm-process.ts';

const folder = aFolder();
afterAll(() => folder.remove());

const given = async (text: string): Promise<[string, string][]> => {
  const file = folder.file('jobs', text);
  return (await jobsOf(file)).map(({ body, place }) => [place.replace(file, 'FILE'), body.toString()]);
};

test('a document over several lines is one job', async () => {
  expect(await given('{\n "command": "a"\n}\n')).toEqual([['FILE', '{\n "command": "a"\n}\n']]);
});

test('JSON lines are a job each, named by their line; empty ones are none', async () => {
  expect(await given('{"a":1}\n\n{"a":2}\r\n{"a":')).toEqual([
    ['line 1 of FILE', '{"a":1}'],
    ['line 3 of FILE', '{"a":2}\r'],
    ['line 4 of FILE', '{"a":'],
  ]);
});

test('a broken document is one job, so that one mistake is told', async () => {
  expect(await given('{\n "command": "a",\n "parameters": {\n}\n')).toHaveLength(1);
});

test('nothing is not a job', async () => {
  await expect(given('\n \n')).rejects.toThrow('is empty: a job is a JSON object');
  await expect(jobsOf('/nowhere/job.json')).rejects.toThrow('cannot read /nowhere/job.json');
});
