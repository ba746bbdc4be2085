import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { noticeText } from '../../../../lib/config/notice.ts';
import { readText } from '../../../support/a-config.ts';

const text = readFileSync(join(__dirname, 'contract-example.conf'), 'utf8');
const env = { DQM_GATEWAY_TOKEN: 'gateway-token', DQM_SIGNING_SECRET: 'signing-secret', FTP_PASSWORD: 'ftp-password' };

const { config, warnings } = readText(text, env);

test('the contract’s example says what it says', () => {
  expect(config.mimeExtensions).toEqual(new Map([['image/x-exr', 'exr']]));
  expect(config.allowCommands).toEqual(new Set(['render_product', 'turntable']));
  expect(config.listenQueue).toBe('example_sqs_queue_1');
  expect(config.httpPost).toEqual({ followRedirects: false, verifySsl: true });
  const client = { region: 'eu-west-1', endpoint: 'http://127.0.0.1:4566' };
  expect(config.aws).toEqual({ s3: { ...client, pathStyle: true }, sqs: client });
});

test('the contract’s example names three queues', () => {
  expect([...config.queues.values()]).toEqual([
    {
      kind: 'sqs',
      name: 'example_sqs_queue_1',
      url: 'https://sqs.eu-west-1.amazonaws.com/123456789012/render-jobs',
      acknowledge: 'on_start',
      deadLetterUrl: 'https://sqs.eu-west-1.amazonaws.com/123456789012/render-jobs-dead',
      maxWaitingJobs: 'auto',
    },
    {
      kind: 'amqp',
      name: 'example_amqp_queue_1',
      urls: ['amqp://guest:guest@127.0.0.1:5672/'],
      tls: {},
      queue: 'render-jobs',
      prefetch: 100,
      declare: false,
      deadLetter: { kind: 'queue', queue: 'render-jobs-dead' },
      maxWaitingJobs: 'auto',
    },
    { kind: 'direct', name: 'local' },
  ]);
});

test('every directive of the contract’s <user dqm> is read', () => {
  expect(config.dqm).toEqual({
    temporalAddress: '127.0.0.1:7233',
    temporalNamespace: 'default',
    temporalUiUrl: 'http://127.0.0.1:8233',
    dataFolder: '/var/lib/dqm',
    hostName: 'gpu-07',
    realityServerUrls: ['http://127.0.0.1:8080/'],
    resultStore: { kind: 'file', root: '/srv/farm/dqm-results' },
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
    gateway: {
      address: '127.0.0.1:8090',
      url: 'https://render.example',
      token: 'gateway-token',
      open: false,
      origins: ['https://shop.example'],
    },
    approvalWebhook: 'https://review.example/dqm',
    metricsAddress: '127.0.0.1:9464',
    chainsModule: '/etc/dqm/chains/index.ts',
    tasksModule: '/etc/dqm/tasks/index.ts',
    allowBuckets: ['results'],
    allowPostbacks: ['*.shop.example'],
    signingSecret: 'signing-secret',
    failureWebhook: 'https://shop.example/dqm-failures',
    taskSettings: new Map([['ftp_put', { password: 'ftp-password' }]]),
    commands: new Map([
      [
        'render_product',
        {
          timeoutMs: 1_800_000,
          stallTimeoutMs: 300_000,
          attempts: 2,
          expectType: 'image/*',
          minBytes: 1024,
          cancelCommand: 'stop_render',
          errors: [{ match: /licen[cs]e/, class: 'host_fault' }],
        },
      ],
    ]),
  });
});

test('each directive that nothing acts on yet is told once', () => {
  expect(warnings.map(({ message }) => message)).toEqual(
    ['result_retention'].map((name) => `${name} has no effect in this version`),
  );
  expect(noticeText(warnings[0]!)).toBe(
    '/etc/dqm/realityserver.conf:68: result_retention has no effect in this version',
  );
});
