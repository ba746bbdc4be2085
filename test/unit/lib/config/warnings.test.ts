import { SECTIONS, WITHOUT_EFFECT, type SectionName } from '../../../../lib/config/directives.ts';
import { configText, readText } from '../../../support/a-config.ts';

const warningsOf = (text: string, env: NodeJS.ProcessEnv = {}): string[] =>
  readText(text, env).warnings.map(({ line, message }) => `${line}: ${message}`);

const inside = (container: string, ...lines: string[]): string =>
  [`<user ${container}>`, ...lines, '</user>'].join('\n');

test('a valid file draws none', () => {
  expect(warningsOf(configText())).toEqual([]);
});

test.each<[what: string, text: string, ...expected: string[]]>([
  [
    'a # behind a space',
    inside('queue_manager', 'allow_command a # b'),
    '2: allow_command: " #" is part of the value, since a comment needs a line of its own',
  ],
  [
    'white space at the end',
    inside('queue_manager', 'allow_command a '),
    '2: allow_command: the value ends in white space',
  ],
  [
    'white space behind a number',
    inside('dqm', 'command_attempts 3\t'),
    '2: command_attempts: the value ends in white space',
  ],
  [
    'white space from the environment',
    inside('dqm', 'signing_secret ${env:SECRET}'),
    '2: signing_secret: the value ends in white space',
  ],
  [
    'an unknown directive among the vendor’s',
    inside('aws', 'visibility_timeout 30'),
    '2: unknown directive visibility_timeout in <user aws> is skipped',
  ],
  [
    'an unknown one that resembles a known one',
    inside('aws', 'access_key x'),
    '2: unknown directive access_key in <user aws> is skipped; did you mean access_key_id?',
  ],
  [
    'one that belongs elsewhere',
    inside('amqp', 'url amqp://broker/'),
    '2: unknown directive url in <user amqp> is skipped; it belongs into <user queue> of <user aws> or <user queue> of <user amqp>',
  ],
  [
    'an unknown container among the vendor’s',
    inside('aws', inside('sns', 'a b')),
    '2: unknown container <user sns> in <user aws> is skipped; did you mean <user sqs>?',
  ],
  [
    'a container that is almost ours',
    inside('queue_manger', 'a b'),
    '1: <user queue_manger> is skipped; did you mean <user queue_manager>?',
  ],
  [
    'a global directive that is almost ours',
    'add_mimetype exr image/x-exr',
    '1: add_mimetype is skipped; did you mean add_mime_type?',
  ],
  [
    'settings of a command that is almost allowed',
    `${inside('queue_manager', 'allow_command render_product')}\n${inside('dqm', inside('command', 'name render_produkt'))}`,
    '6: command "render_produkt" is not allowed; did you mean render_product?',
  ],
  ['progress over WebSocket', inside('dqm', 'progress websocket')],
  ['progress over HTTP', inside('dqm', 'progress http')],
])('%s', (_what, text, ...expected) => {
  expect(warningsOf(text, { SECRET: 'hunter2\n' })).toEqual(expected);
});

test.each([
  ['directives', 'http_listen 0.0.0.0:8080\nplugin_path a # b \ncontent_root /srv'],
  ['containers', '<user authenticator>\nallow_command x\nurl y\n<user queue>\nno-directive\n</user>\n</user>'],
  ['containers of another kind', '<location /render>\nno-directive\n</location>'],
])('RealityServer’s own %s are skipped without a word', (_what, text) => {
  expect(warningsOf(text)).toEqual([]);
});

test('what has no effect is known', () => {
  for (const [section, names] of Object.entries(WITHOUT_EFFECT)) {
    const { single, repeatable, nested } = SECTIONS[section as SectionName];
    const known = [...single, ...repeatable, ...nested.map((name) => `<user ${name}>`)];
    expect(known).toEqual(expect.arrayContaining(Object.keys(names)));
  }
});
