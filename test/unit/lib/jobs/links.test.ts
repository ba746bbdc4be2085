import { jobLink } from '../../../../lib/jobs/links.ts';

test('a link leads to the run, each part of its address encoded whole', () => {
  expect(jobLink('https://ui.example/temporal/', 'farm 1', 'job/renders/a b+c?#ü', 'run-1')).toBe(
    'https://ui.example/temporal/namespaces/farm%201/workflows/job%2Frenders%2Fa%20b%2Bc%3F%23%C3%BC/run-1/history',
  );
});

test.each([null, undefined, ''])('without a UI there is no link: %j', (uiUrl) => {
  expect(jobLink(uiUrl, 'default', 'job/renders/a', 'run-1')).toBeNull();
});
