import { configFrom } from '../../../../lib/config/load.ts';
import { aConfig, configText, readText } from '../../../support/a-config.ts';

test('an empty file is a configuration that allows and does nothing', () => {
  const { config, warnings } = readText('');
  expect(warnings).toEqual([]);
  expect(config).toEqual({
    file: '/etc/dqm/realityserver.conf',
    mimeExtensions: new Map(),
    allowCommands: new Set(),
    listenQueue: undefined,
    httpPost: { followRedirects: false, verifySsl: true },
    aws: { s3: { pathStyle: false }, sqs: {} },
    queues: new Map(),
    dqm: {
      temporalNamespace: 'default',
      dataFolder: '/var/lib/dqm',
      hostName: 'gpu-01',
      realityServerUrls: [],
      resultStore: { kind: 'file', root: '/var/lib/dqm/results' },
      stagingFolder: '/var/lib/dqm/staging',
      resultRetentionMs: 604_800_000,
      commandTimeoutMs: 7_200_000,
      commandAttempts: 3,
      heartbeatTimeoutMs: 30_000,
      stallTimeoutMs: 0,
      drainTimeoutMs: 600_000,
      maxStagingJobs: 2,
      canaryCommand: 'get_version',
      abandonedWaitMs: 600_000,
      taskRetryWindowMs: 259_200_000,
      maxMessageBytes: 1_048_576,
      progress: 'http',
      gateway: { address: '127.0.0.1:8090', open: false, origins: [] },
      metricsAddress: '127.0.0.1:9464',
      allowBuckets: [],
      allowPostbacks: [],
      taskSettings: new Map(),
      commands: new Map(),
    },
  });
});

test('staging and results follow the data folder', () => {
  const { dqm } = aConfig({ dqm: 'data_folder data' });
  expect(dqm.dataFolder).toBe('/etc/dqm/data');
  expect(dqm.resultStore).toEqual({ kind: 'file', root: '/etc/dqm/data/results' });
  expect(dqm.stagingFolder).toBe('/etc/dqm/data/staging');
});

test('containers of one name merge, those of an included file too', () => {
  const { config } = readText(
    '<user dqm>\nhost_name a\n</user>\ninclude more/b.conf\n<USER DQM>\ncommand_attempts 2\n</USER>',
    {},
    { '/etc/dqm/more/b.conf': '<user dqm>\nstaging_folder staging\n</user>' },
  );
  expect(config.dqm).toMatchObject({ hostName: 'a', commandAttempts: 2, stagingFolder: '/etc/dqm/more/staging' });
});

test('an SQS queue has defaults', () => {
  const { queues } = aConfig({ aws: '<user queue>\nname a\nurl https://sqs.example/1/a\n</user>' });
  expect(queues.get('a')).toEqual({
    kind: 'sqs',
    name: 'a',
    url: 'https://sqs.example/1/a',
    acknowledge: 'on_start',
    maxWaitingJobs: 'auto',
  });
});

test('an AMQP queue has several addresses, TLS files and an exchange', () => {
  const lines = [
    'name a',
    'url amqps://one/',
    'url amqps://two/',
    'queue jobs',
    'ca_file ca.pem',
    'cert_file cert.pem',
    'key_file /etc/key.pem',
    'exchange in',
    'routing_key render',
    'prefetch 5',
    'declare on',
    'acknowledge on_start',
    'max_waiting_jobs 20',
    'dead_letter_exchange dead',
    'dead_letter_routing_key jobs',
  ];
  const { queues } = aConfig({ amqp: `<user queue>\n${lines.join('\n')}\n</user>` });
  expect(queues.get('a')).toEqual({
    kind: 'amqp',
    name: 'a',
    urls: ['amqps://one/', 'amqps://two/'],
    tls: { caFile: '/etc/dqm/ca.pem', certFile: '/etc/dqm/cert.pem', keyFile: '/etc/key.pem' },
    queue: 'jobs',
    exchange: 'in',
    routingKey: 'render',
    prefetch: 5,
    declare: true,
    maxWaitingJobs: 20,
    deadLetter: { kind: 'exchange', exchange: 'dead', routingKey: 'jobs' },
  });
});

test('dead letters may be left to the broker', () => {
  const { queues } = aConfig({
    amqp: '<user queue>\nname a\nurl amqp://b/\nqueue jobs\ndead_letter broker\n</user>',
  });
  expect(queues.get('a')).toMatchObject({ deadLetter: { kind: 'broker' } });
});

test('S3 and SQS take from aws what they do not say themselves', () => {
  const { aws } = aConfig({
    aws: [
      'region eu-west-1',
      'endpoint http://127.0.0.1:1/',
      'access_key_id common',
      'secret_access_key common',
      '<user s3>\nendpoint http://127.0.0.1:2/\nprofile pictures\n</user>',
      '<user sqs>\nregion us-east-1\naccess_key_id own\nsecret_access_key own\nsession_token own\n</user>',
    ].join('\n'),
  });
  expect(aws).toEqual({
    s3: { region: 'eu-west-1', endpoint: 'http://127.0.0.1:2/', profile: 'pictures', pathStyle: false },
    sqs: {
      region: 'us-east-1',
      endpoint: 'http://127.0.0.1:1/',
      credentials: { accessKeyId: 'own', secretAccessKey: 'own', sessionToken: 'own' },
    },
  });
});

test('variables of the environment are filled in, several in a value, and not looked into again', () => {
  const { dqm } = aConfig({ dqm: 'signing_secret a${env:ONE}b${env:TWO}${other}$&' }, { ONE: '${env:TWO}', TWO: '$1' });
  expect(dqm.signingSecret).toBe('a${env:TWO}b$1${other}$&');
});

test('in the documented containers ${env:…} is plain text', () => {
  const { allowCommands } = aConfig({ queue_manager: 'allow_command ${env:COMMAND}' }, { COMMAND: 'x' });
  expect(allowCommands).toEqual(new Set(['${env:COMMAND}']));
});

test('the last extension of a MIME type stands', () => {
  const { mimeExtensions } = aConfig({
    global: 'add_mime_type jpeg image/jpeg\nADD_MIME_TYPE .exr  Image/X-EXR\nadd_mime_type jpg image/jpeg',
  });
  expect([...mimeExtensions]).toEqual([
    ['image/jpeg', 'jpg'],
    ['image/x-exr', 'exr'],
  ]);
});

test('commands keep their case and namespace', () => {
  const { allowCommands } = aConfig({ queue_manager: 'allow_command ns::Render\nallow_command ns::render' });
  expect(allowCommands).toEqual(new Set(['ns::Render', 'ns::render']));
});

test('the gateway may listen anywhere with a token, or when it is said to be open', () => {
  expect(aConfig({ dqm: 'gateway_address 0.0.0.0:80\ngateway_token secret' }).dqm.gateway.token).toBe('secret');
  expect(aConfig({ dqm: 'gateway_address 0.0.0.0:80\ngateway_open on' }).dqm.gateway.open).toBe(true);
});

test('a user without home needs data_folder', () => {
  const surroundings = { env: {}, machine: { hostName: 'a', dataFolder: undefined } };
  const read = (text: string) => () => configFrom('/a.conf', () => ({ kind: 'file', text }), surroundings);
  expect(read('')).toThrow('/a.conf:1: <user dqm> needs data_folder: this user has no home folder');
  expect(read('<user dqm>\ndata_folder /srv\n</user>')).not.toThrow();
});

test('the same file with CRLF means the same', () => {
  const text = configText();
  expect(readText(text.replaceAll('\n', '\r\n')).config).toEqual(readText(text).config);
});

test('a queue whose every message would be rejected is told of', () => {
  const file = (allow: string): string =>
    `<user queue_manager>\nlisten_queue local\n${allow}\n</user>\n<user dqm>\n<user queue>\nname local\n</user>\n</user>`;
  expect(readText(file('')).warnings).toEqual([
    {
      file: '/etc/dqm/realityserver.conf',
      line: 2,
      message: 'listen_queue: every message is rejected, since no allow_command lists a command',
    },
  ]);
  expect(readText(file('allow_command echo')).warnings).toEqual([]);
});
