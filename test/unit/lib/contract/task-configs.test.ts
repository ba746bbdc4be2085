import {
  checkTask,
  InvalidTaskConfig,
  readTaskConfig,
  type TaskName,
  type TaskRules,
} from '../../../../lib/contract/task-configs.ts';

const rules: TaskRules = {
  allowBuckets: [],
  allowPostbacks: [],
  resultStore: { kind: 'file', root: '/srv/results' },
  userTasks: new Map(),
};
const inBucket = (prefix: string): TaskRules => ({ ...rules, resultStore: { kind: 's3', bucket: 'farm', prefix } });

const variables = {
  message_id: 'm-1',
  mime_ext: 'png',
  job_id: 'chair-1',
  queue_name: 'renders',
  command: 'render_product',
};

const s3 = (config: object = {}) => ({
  name: 's3_upload',
  config: { bucket: 'results', key: 'chairs/${message_id}.${mime_ext}', ...config },
});
const post = (config: object = {}) => ({
  name: 'http_post',
  config: { postback_uri: 'https://shop.example/store/${message_id}.${mime_ext}', ...config },
});
const read = (task: ReturnType<typeof s3> | ReturnType<typeof post>, given = variables, by = rules) =>
  readTaskConfig(task.name as TaskName, task, given, by);

test.each([
  ['the documented fields', s3()],
  [
    'every field',
    s3({
      content_type: 'image/png',
      cache_control: 'max-age=60',
      content_disposition: 'attachment; filename="${job_id}.png"',
      acl: 'public-read',
      storage_class: 'STANDARD_IA',
      metadata: { job: '${job_id}', 'x-scene': 'chair' },
      region: 'eu-west-1',
    }),
  ],
  ['an unknown field', s3({ colour: 'red' })],
  ['a templated bucket', s3({ bucket: '${queue_name}-results' })],
  ['an access point', s3({ bucket: 'arn:aws:s3:eu-west-1:123456789012:accesspoint/renders' })],
])('s3_upload with %s is taken', (_what, task) => {
  expect(checkTask(task, 'tasks[0]', rules)).toBeUndefined();
});

test.each([
  ['the documented field', post()],
  [
    'every field',
    post({ headers: { Authorization: 'Bearer x', 'X-Job': '${job_id}' }, method: 'PUT', timeout: '30s' }),
  ],
  ['an unknown field', post({ colour: 'red' })],
  ['user info and a query', post({ postback_uri: 'https://user:pass@shop.example/?id=${message_id}' })],
  ['a templated host', post({ postback_uri: 'https://${queue_name}.shop.example/' })],
  ['a templated address', post({ postback_uri: '${message_id}' })],
  ['this machine', post({ postback_uri: 'http://127.0.0.1:8080/store' })],
  ['a private network', post({ postback_uri: 'http://10.1.2.3/store' })],
])('http_post with %s is taken', (_what, task) => {
  expect(checkTask(task, 'tasks[0]', rules)).toBeUndefined();
});

test.each([
  [{ name: 'ftp_put', config: {} }, 'tasks[1].name: unknown task "ftp_put", known are s3_upload, http_post'],
  [{ name: 'toString', config: {} }, 'tasks[1].name: unknown task "toString", known are s3_upload, http_post'],
  [s3({ bucket: undefined }), 'tasks[1].config.bucket: is required'],
  [s3({ bucket: 7 }), 'tasks[1].config.bucket: must be the name of a bucket'],
  [s3({ bucket: 'a/b' }), 'tasks[1].config.bucket: must be the name of a bucket'],
  [s3({ key: '' }), 'tasks[1].config.key: must be a text of 1 to 1024 bytes'],
  [s3({ key: 'ü'.repeat(513) }), 'tasks[1].config.key: must be a text of 1 to 1024 bytes'],
  [s3({ key: 'half\ud83d' }), 'tasks[1].config.key: must be a text of 1 to 1024 bytes'],
  [s3({ key: '${date}' }), 'tasks[1].config.key: unknown variable "${date}"'],
  [s3({ metadata: { a: '${env:SECRET}' } }), 'tasks[1].config.metadata.a: unknown variable "${env:SECRET}"'],
  [s3({ metadata: ['a'] }), 'tasks[1].config.metadata: must be an object of texts'],
  [s3({ metadata: { a: 1 } }), 'tasks[1].config.metadata.a: must be a text of printable ASCII characters'],
  [s3({ metadata: { 'a b': '1' } }), "tasks[1].config.metadata.a b: is no name for a header, which S3's metadata are"],
  [s3({ metadata: { a: 'x'.repeat(2_048) } }), 'tasks[1].config.metadata: must not exceed 2048 bytes in all'],
  [s3({ cache_control: 'a\nb' }), 'tasks[1].config.cache_control: must be a text of printable ASCII characters'],
  [s3({ acl: 'everyone' }), 'tasks[1].config.acl: must be one of private, public-read'],
  [s3({ storage_class: 'cheap' }), 'tasks[1].config.storage_class: must be a storage class such as STANDARD_IA'],
  [s3({ region: 'eu west' }), 'tasks[1].config.region: must be a region such as eu-west-1'],
  [post({ postback_uri: undefined }), 'tasks[1].config.postback_uri: is required'],
  [post({ postback_uri: 'shop.example' }), 'tasks[1].config.postback_uri: must be an http:// or https:// address'],
  [post({ postback_uri: 'ftp://a/${job_id}' }), 'tasks[1].config.postback_uri: must be an http:// or https:// address'],
  [
    post({ postback_uri: 'file:///etc/passwd' }),
    'tasks[1].config.postback_uri: must be an http:// or https:// address',
  ],
  [post({ method: 'DELETE' }), 'tasks[1].config.method: must be POST or PUT'],
  [post({ timeout: 30 }), 'tasks[1].config.timeout: must be a duration from 1s to 1h, such as 30s'],
  [post({ timeout: '2h' }), 'tasks[1].config.timeout: must be a duration from 1s to 1h, such as 30s'],
  [post({ headers: { 'X-A': 'a\r\nX-B: b' } }), 'tasks[1].config.headers.X-A: must be a text without line ends'],
  [post({ headers: { 'X A': 'a' } }), 'tasks[1].config.headers.X A: is no name for a header'],
  [post({ headers: 'X-A: a' }), 'tasks[1].config.headers: must be an object of texts'],
])('%j is refused, and the message names the field', (task, message) => {
  expect(checkTask(task, 'tasks[1]', rules)).toContain(message);
});

test.each([
  'Host',
  'content-length',
  'TRANSFER-ENCODING',
  'Connection',
  'Idempotency-Key',
  'X-Dqm-Job-Id',
  'x-dqm-Other',
])('a message may not set the header %s', (name) => {
  expect(checkTask(post({ headers: { [name]: 'x' } }), 'tasks[0]', rules)).toBe(
    `tasks[0].config.headers.${name}: must not be set by a message`,
  );
});

test.each([
  ['results', undefined],
  ['other', 'tasks[0].config.bucket: other is not allowed by allow_bucket'],
  ['${queue_name}', undefined],
])('allow_bucket results and the bucket %s', (bucket, mistake) => {
  expect(checkTask(s3({ bucket }), 'tasks[0]', { ...rules, allowBuckets: ['results'] })).toBe(mistake);
});

test.each([
  ['in the store', 'results', { bucket: 'farm', key: 'results/x.png' }, '.key: lies inside the result store'],
  [
    'in the store, templated',
    'results',
    { bucket: 'farm', key: 'results/${job_id}' },
    '.key: lies inside the result store',
  ],
  ['in a bucket that is the store', '', { bucket: 'farm', key: 'x.png' }, '.bucket: is the result store'],
])('a key %s is refused', (_what, prefix, config, message) => {
  expect(checkTask(s3(config), 'tasks[0]', inBucket(prefix))).toContain(`tasks[0].config${message}`);
});

test.each([
  ['beside the store', { bucket: 'farm', key: 'results-2/x.png' }],
  ['of that name in another bucket', { bucket: 'results', key: 'results/x.png' }],
  ['that is not known yet', { bucket: 'farm', key: '${queue_name}/x.png' }],
])('a key %s is taken', (_what, config) => {
  expect(checkTask(s3(config), 'tasks[0]', inBucket('results'))).toBeUndefined();
});

test.each([
  ['https://img.shop.example/x', undefined],
  ['https://shop.example/x', 'shop.example is not allowed by allow_postback'],
  ['https://shop.example.evil.example/${job_id}', 'shop.example.evil.example is not allowed by allow_postback'],
  ['https://img.shop.example@evil.example/', 'evil.example is not allowed by allow_postback'],
  ['http://169.254.169.254/latest/${job_id}', '169.254.169.254 is a link-local address'],
  ['http://0xa9fea9fe/', '169.254.169.254 is a link-local address'],
])('allow_postback *.shop.example and %s', (uri, mistake) => {
  expect(checkTask(post({ postback_uri: uri }), 'tasks[0]', { ...rules, allowPostbacks: ['*.shop.example'] })).toBe(
    mistake && `tasks[0].config.postback_uri: ${mistake}`,
  );
});

test('filled in, templates stand for what they name', () => {
  expect(read(s3({ metadata: { job: '${job_id}' } }))).toEqual({
    bucket: 'results',
    key: 'chairs/m-1.png',
    metadata: { job: 'chair-1' },
  });
});

test.each([
  ['a key that has become too long', s3(), { message_id: 'x'.repeat(1_100) }, 'config.key: must be a text'],
  [
    'a header with a line end',
    post({ headers: { 'X-Id': '${message_id}' } }),
    { message_id: 'a\nb' },
    'config.headers.X-Id: ',
  ],
  [
    'a bucket that is not allowed',
    s3({ bucket: '${message_id}' }),
    { message_id: 'secret' },
    'config.bucket: secret is not allowed',
  ],
  [
    'a bucket that looks like a template',
    s3({ bucket: '${message_id}' }),
    { message_id: '${x}' },
    'config.bucket: must be',
  ],
  [
    'a host that is not allowed',
    post({ postback_uri: 'http://${message_id}/' }),
    { message_id: '169.254.1.1' },
    'link-local',
  ],
])('%s is found once it is filled in', (_what, task, changed, message) => {
  expect(checkTask(task, 'tasks[0]', rules)).toBeUndefined();
  const readIt = () => read(task, { ...variables, ...changed }, { ...rules, allowBuckets: ['results'] });
  expect(readIt).toThrow(InvalidTaskConfig);
  expect(readIt).toThrow(message);
});

test('a key that leads into the result store is found once it is filled in', () => {
  const task = s3({ bucket: 'farm', key: '${message_id}/x.png' });
  expect(() => read(task, { ...variables, message_id: 'results' }, inBucket('results'))).toThrow(
    'inside the result store',
  );
});
