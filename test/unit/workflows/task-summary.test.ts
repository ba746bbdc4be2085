import { taskSummary } from '../../../workflows/task-summary.ts';

const variables = { message_id: 'm-1', job_id: 'chair-1' };

test.each([
  [
    's3_upload',
    { bucket: 'results', key: 'chairs/${message_id}.${mime_ext}' },
    's3_upload → s3://results/chairs/m-1.…',
  ],
  [
    'http_post',
    { postback_uri: 'https://me:secret@shop.example/${job_id}?token=x' },
    'http_post → https://shop.example/chair-1',
  ],
  ['http_post', { postback_uri: 'https://a@b@shop.example#x' }, 'http_post → https://shop.example'],
  ['http_post', { postback_uri: 'no address' }, 'http_post'],
  ['ftp_put', { path: '/incoming' }, 'ftp_put'],
  ['s3_upload', { bucket: 7, key: 'a' }, 's3_upload'],
])('%s with %j reads so', (name, config, summary) => {
  expect(taskSummary({ name, config }, variables)).toBe(summary);
});

test('a long one is cut to what the engine takes, whatever its characters are', () => {
  const summary = taskSummary({ name: 's3_upload', config: { bucket: 'results', key: '🎨'.repeat(1_000) } }, variables);
  expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(400);
  expect(summary).toMatch(/🎨…$/u);
});
