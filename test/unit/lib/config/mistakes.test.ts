import { ConfigurationError } from '../../../../lib/config/load.ts';
import { CONFIG_FILE, readText } from '../../../support/a-config.ts';

/** `line: message` of all that is wrong. */
function mistakesOf(text: string, env: NodeJS.ProcessEnv = {}): string[] {
  try {
    readText(text, env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.mistakes.map(({ line, message }) => `${line}: ${message}`);
  }
}

const inside = (container: string, ...lines: string[]): string =>
  [`<user ${container}>`, ...lines, '</user>'].join('\n');
const sqs = (...lines: string[]): string =>
  inside('aws', inside('queue', 'name a', 'url https://sqs.example/1/a', ...lines));
const amqp = (...lines: string[]): string =>
  inside('amqp', inside('queue', 'name a', 'url amqp://broker/', 'queue jobs', ...lines));
const dqm = (...lines: string[]): string => inside('dqm', ...lines);

test.each<[what: string, text: string, ...expected: string[]]>([
  ['an unknown directive', dqm('shiny on'), '2: unknown directive shiny in <user dqm>'],
  [
    'a misspelt directive',
    dqm('comand_timeout 2h'),
    '2: unknown directive comand_timeout in <user dqm>; did you mean command_timeout?',
  ],
  [
    'a directive in the wrong container',
    dqm('listen_queue a'),
    '2: unknown directive listen_queue in <user dqm>; it belongs into <user queue_manager>',
  ],
  [
    'a misspelt container',
    dqm(inside('comand', 'name a')),
    '2: unknown container <user comand> in <user dqm>; did you mean <user command>?',
  ],
  [
    'a container of another kind',
    dqm('<location queue>', '</location>'),
    '2: unknown container <location queue> in <user dqm>; did you mean <user queue>?',
  ],
  ['an unknown directive of a queue', sqs('color red'), '5: unknown directive color in <user queue> of <user aws>'],
  [
    'a near miss among the vendor’s',
    inside('queue_manager', 'allow_comand a'),
    '2: unknown directive allow_comand in <user queue_manager>; did you mean allow_command?',
  ],
  [
    'a near miss of a container among the vendor’s',
    inside('amqp', inside('queues', 'name a')),
    '2: unknown container <user queues> in <user amqp>; did you mean <user queue>?',
  ],
  ['an include inside a container of ours', dqm('include a.conf'), '2: unknown directive include in <user dqm>'],
  [
    'a line that is no directive',
    dqm('command-timeout 2h'),
    '2: neither a directive nor a tag; did you mean command_timeout?',
  ],
  ['a line that is no directive outside', 'http_listen=80', '1: neither a directive nor a tag'],
  [
    'a directive that stands twice',
    dqm('host_name a', 'host_name b'),
    `3: host_name stands twice, first at ${CONFIG_FILE}:2`,
  ],
  [
    'a directive that stands twice in merged containers',
    `${dqm('host_name a')}\n${dqm('HOST_NAME b')}`,
    `5: host_name stands twice, first at ${CONFIG_FILE}:2`,
  ],
  ['no value', dqm('host_name'), '2: host_name needs a value'],
  ['a value of spaces', dqm('chains_module   '), '2: chains_module needs a value'],
  [
    'a number without a unit',
    dqm('command_timeout 30'),
    '2: command_timeout must be a duration from 1s to 24d (such as 500ms, 30s, 10m, 2h, 7d), not "30"',
  ],
  ['a duration out of range', dqm('heartbeat_timeout 2h'), expect.stringContaining('from 2s to 1h')],
  ['a number out of range', amqp('prefetch 70000'), '6: prefetch must be a whole number from 1 to 65535, not "70000"'],
  ['a word for a switch', amqp('declare yes'), '6: declare must be on or off, not "yes"'],
  ['a choice', dqm('progress fast'), '2: progress must be http or websocket, not "fast"'],
  [
    'a comment behind a value',
    dqm('command_attempts 3 # enough'),
    '2: command_attempts must be a whole number from 1 to 100, not "3 # enough"; a comment needs a line of its own',
  ],
  ['an address without port', dqm('temporal_address temporal'), expect.stringContaining('must be host:port')],
  ['an address for a pattern', dqm('allow_postback https://shop.example/'), expect.stringContaining('not (not shown)')],
  [
    'a path from home',
    dqm('data_folder ~/dqm'),
    '2: data_folder must be a path (~ is not replaced, ${env:HOME} is), not "~/dqm"',
  ],
  ['bytes that are no text', dqm('host_name caf\uFFFD'), '2: host_name holds what is no UTF-8 text'],
  [
    'one RealityServer twice',
    dqm('realityserver_url http://host', 'realityserver_url http://HOST:80/'),
    `3: realityserver_url names the server of ${CONFIG_FILE}:2 again`,
  ],
  ['a MIME type without extension', 'add_mime_type image/x-exr', expect.stringContaining('add_mime_type must be')],
  [
    'a command of our own',
    inside('queue_manager', 'allow_command dqm/rejected'),
    expect.stringContaining('begin with dqm/'),
  ],
  [
    'a queue that is not configured',
    inside('queue_manager', 'listen_queue a'),
    '2: listen_queue: no queue "a" is configured',
  ],
  [
    'a queue that is almost configured',
    `${inside('queue_manager', 'listen_queue jobs_1')}\n${dqm(inside('queue', 'name jobs-1'))}`,
    '2: listen_queue: no queue "jobs_1" is configured; did you mean jobs-1?',
  ],
  [
    'a queue with white space after its name',
    `${inside('queue_manager', 'listen_queue jobs ')}\n${dqm(inside('queue', 'name jobs'))}`,
    '2: listen_queue: no queue "jobs " is configured; did you mean jobs?',
  ],
  [
    'an address for a queue',
    inside('queue_manager', 'listen_queue amqp://guest:hunter2@broker/'),
    '2: listen_queue: no queue (not shown) is configured',
  ],
  ['a queue without a name', dqm(inside('queue')), '2: <user queue> of <user dqm> needs name'],
  [
    'a queue name with a slash',
    dqm(inside('queue', 'name a/b')),
    '3: name must be 1 to 80 of A-Z a-z 0-9 . _ -, not "a/b"',
  ],
  [
    'a queue name that stands twice',
    `${sqs()}\n${dqm(inside('queue', 'name a'))}`,
    `9: a queue named a stands already at ${CONFIG_FILE}:3`,
  ],
  ['an SQS queue without url', inside('aws', inside('queue', 'name a')), '2: <user queue> of <user aws> needs url'],
  [
    'an SQS queue that is its own dead-letter queue',
    sqs('dead_letter_url https://sqs.example/1/a'),
    '5: dead_letter_url is the queue itself',
  ],
  [
    'on_completion on AMQP',
    amqp('acknowledge on_completion'),
    '6: acknowledge on_completion works on SQS only: the broker cannot extend one delivery past its consumer_timeout',
  ],
  ['a secret key alone', inside('aws', 'secret_access_key x'), expect.stringContaining('belong together')],
  [
    'keys beside a profile',
    inside('aws', 'access_key_id x', 'secret_access_key y', 'profile z'),
    '2: access keys and profile exclude each other',
  ],
  [
    'an AMQP queue that lacks all',
    inside('amqp', inside('queue', 'name a')),
    '2: <user queue> of <user amqp> needs url',
    '2: <user queue> of <user amqp> needs queue',
  ],
  [
    'a broker that speaks something else',
    inside('amqp', inside('queue', 'name a', 'queue b', 'url mqtt://host/')),
    '5: url must be an amqp:// or amqps:// address',
  ],
  ['a routing key without exchange', amqp('routing_key a'), '6: routing_key needs exchange'],
  [
    'a certificate without key',
    amqp('url amqps://broker/', 'cert_file a.pem'),
    '7: cert_file and key_file belong together',
  ],
  ['an authority without TLS', amqp('ca_file ca.pem'), '6: ca_file, cert_file and key_file need an amqps:// url'],
  [
    'a queue that is its own dead-letter queue',
    amqp('dead_letter_queue jobs'),
    '6: dead_letter_queue is the queue itself',
  ],
  [
    'two targets for dead letters',
    amqp('dead_letter broker', 'dead_letter_queue dead'),
    '6: dead_letter_queue and dead_letter exclude each other',
  ],
  [
    'queue and exchange for dead letters',
    amqp('dead_letter_queue dead', 'dead_letter_exchange x', 'dead_letter_routing_key y'),
    '7: dead_letter_queue and dead_letter_exchange exclude each other',
  ],
  [
    'an exchange for dead letters without routing key',
    amqp('dead_letter_exchange x'),
    '6: dead_letter_exchange and dead_letter_routing_key belong together',
  ],
  ['another word for dead_letter', amqp('dead_letter jobs'), '6: dead_letter must be broker, not "jobs"'],
  [
    'an open gateway by accident',
    dqm('gateway_address 0.0.0.0:80'),
    '2: gateway_address is not loopback: it needs gateway_token, or gateway_open on',
  ],
  [
    'approvals without links',
    dqm('approval_webhook https://a.example/'),
    '2: approval_webhook needs gateway_url and signing_secret',
  ],
  [
    "a failure webhook at a cloud's own address",
    dqm('failure_webhook http://169.254.169.254/latest'),
    '2: failure_webhook: 169.254.169.254 is a link-local address',
  ],
  ['a command without a name', dqm(inside('command', 'timeout 1m')), '2: <user command> needs name'],
  [
    'a command that stands twice',
    dqm(inside('command', 'name a'), inside('command', 'name a')),
    `6: command "a" stands already at ${CONFIG_FILE}:3`,
  ],
  [
    'a pattern that is none',
    dqm(inside('command', 'name a', inside('error', 'match lic(', 'class retry'))),
    '5: match must be a regular expression, not "lic("',
  ],
  [
    'an error without match and class',
    dqm(inside('command', 'name a', inside('error'))),
    '4: <user error> needs match',
    '4: <user error> needs class',
  ],
  [
    'a setting without a value',
    dqm(inside('task', 'name a', 'setting password')),
    expect.stringContaining('setting must be'),
  ],
  [
    'a setting that stands twice',
    dqm(inside('task', 'name a', 'setting b c', 'setting b d')),
    `5: setting "b" stands already at ${CONFIG_FILE}:4`,
  ],
  ['a container that is never closed', '<user dqm>', '1: <user dqm> is never closed'],
])('%s is a mistake', (_what, text, ...expected) => {
  const mistakes = mistakesOf(text);
  expect(mistakes).toHaveLength(expected.length);
  expect(mistakes).toEqual(expected);
});

test('all mistakes of all files come at once, in the order of files and lines', () => {
  const text =
    '<user dqm>\ncommand_attempts 0\n<user queue>\nname a/b\n</user>\nprogress fast\n</user>\ninclude b.conf\n</user>';
  expect(() => readText(text, {}, { '/etc/dqm/b.conf': '\n<user aws>\nendpoint here\n</user>' })).toThrow(
    expect.objectContaining({
      message: [
        '/etc/dqm/realityserver.conf:2: command_attempts must be a whole number from 1 to 100, not "0"',
        '/etc/dqm/realityserver.conf:4: name must be 1 to 80 of A-Z a-z 0-9 . _ -, not "a/b"',
        '/etc/dqm/realityserver.conf:6: progress must be http or websocket, not "fast"',
        '/etc/dqm/realityserver.conf:9: </user> closes nothing',
        '/etc/dqm/b.conf:3: endpoint must be an http:// or https:// address',
      ].join('\n'),
    }),
  );
});

test('a queue that is wrong in itself counts as configured', () => {
  const text = `${inside('queue_manager', 'listen_queue a')}\n${inside('aws', inside('queue', 'name a'))}`;
  expect(mistakesOf(text)).toEqual(['5: <user queue> of <user aws> needs url']);
});

test.each<[what: string, text: string, expected: string]>([
  [
    'that is not set',
    dqm('signing_secret ${env:MISSING}'),
    '2: signing_secret: the environment variable MISSING is not set',
  ],
  ['that is empty', dqm('gateway_token ${env:EMPTY}'), '2: gateway_token is empty'],
  [
    'without an end',
    dqm('signing_secret ${env:SECRET'),
    '2: signing_secret: ${env:…} must be closed and name one variable',
  ],
  ['without a name', dqm('signing_secret ${env:}'), '2: signing_secret: ${env:…} must be closed and name one variable'],
])('a variable %s is a mistake', (_what, text, expected) => {
  expect(mistakesOf(text, { EMPTY: '', SECRET: 'hunter2' })).toEqual([expected]);
});

test.each([
  ['a number', dqm('command_attempts ${env:SECRET}')],
  ['an address', dqm('realityserver_url ftp://user:${env:SECRET}@host/')],
  ['a broker’s address', inside('amqp', inside('queue', 'name a', 'queue b', 'url amqp://user:hunter2@ho st/'))],
  ['an address for a number', dqm('command_attempts http://user:hunter2@host/')],
  ['an address for host and port', dqm('metrics_address http://user:hunter2@host/')],
  ['a result store', dqm('result_store s3://key:hunter2@bucket/')],
  ['a setting', dqm(inside('task', 'name a', 'setting ${env:SECRET}'))],
  ['a line that is none', dqm('signing-secret hunter2')],
])('what may be a secret stays untold: %s', (_what, text) => {
  const mistakes = mistakesOf(text, { SECRET: 'hunter2' });
  expect(mistakes).not.toEqual([]);
  expect(mistakes.join('\n')).not.toContain('hunter2');
});
