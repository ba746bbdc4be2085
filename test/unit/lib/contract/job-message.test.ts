import fc from 'fast-check';

import { memberText } from '../../../../lib/contract/json-text.ts';
import { readMessage } from '../../../../lib/contract/job-message.ts';
import { aBody, aMessage, GOLDEN_BODY, someRules, type MessageChanges } from '../../../support/a-message.ts';

function rejection(changes: MessageChanges, rules = someRules()) {
  const read = readMessage(aMessage(changes), rules);
  if ('job' in read) throw new Error('was accepted');
  return read.rejected;
}

function job(changes: MessageChanges = {}) {
  const read = readMessage(aMessage(changes), someRules());
  if ('rejected' in read) throw new Error(read.rejected.reason);
  return read.job;
}

test('the golden message is a job, and its text is every byte that came', () => {
  const read = job();
  expect(read).toMatchObject({
    command: 'render_product',
    jobId: undefined,
    priority: null,
    tenant: null,
    unknownKeys: [],
  });
  expect(read.text).toBe(GOLDEN_BODY);
  expect(read.tasks.map(({ name }) => name)).toEqual(['s3_upload', 'http_post']);
  expect(read.tasks[0]?.config).toEqual({ bucket: 'results', key: 'chairs/${message_id}.${mime_ext}' });
});

test('parameters travel to the digit', () => {
  const parameters = '{"big":9007199254740993,"five":5.0,"minus":-0,"huge":1e400,"2":"b","1":"a","five":[5.00]}';
  expect(memberText(job({ body: `{"command":"render_product","parameters":${parameters}}` }).text, 'parameters')).toBe(
    parameters,
  );
});

test.each([
  ['parameters absent', { command: 'render_product' }],
  ['parameters null', { command: 'render_product', parameters: null }],
  ['tasks null', aBody({ tasks: null })],
  ['a queue_name', aBody({ queue_name: 17 })],
  ['dqm null', aBody({ dqm: null })],
  ['fields of dqm null', aBody({ dqm: { job_id: null, priority: null, tenant: null } })],
  ['a command with a name space', { command: 'batch::turntable' }],
])('accepted: %s', (_what, body) => {
  expect(job({ body })).toMatchObject({ tasks: [], jobId: undefined, priority: null, tenant: null, unknownKeys: [] });
});

test('a byte order mark is tolerated, and stays in the text', () => {
  expect(job({ body: '\uFEFF{"command":"render_product"}' }).text.codePointAt(0)).toBe(0xfeff);
});

const bytes = (...values: number[]) => Uint8Array.from(values);
const s3 = (config: unknown) => aBody({ tasks: [{ name: 's3_upload', config }] });

test.each([
  ['empty', '', 'body: is empty, must be a JSON object'],
  ['not UTF-8', bytes(0x7b, 0xff, 0x7d), 'body: is not UTF-8'],
  ['half a surrogate pair', bytes(0x22, 0xed, 0xa0, 0x80, 0x22), 'body: is not UTF-8'],
  ['not JSON', '{"command":"secret" "x"}', 'body: is not JSON, see character 21'],
  ['an array', '[]', 'body: must be a JSON object, is an array'],
  ['null', 'null', 'body: must be a JSON object, is null'],
  ['a number', '5', 'body: must be a JSON object, is a number'],
  ['no command', {}, 'command: is required'],
  ['a number as command', { command: 5 }, 'command: must be a string'],
  ['an empty command', { command: '' }, 'command: must not be empty'],
  ['parameters as a list', { command: 'render_product', parameters: [] }, 'parameters: must be an object'],
  ['parameters as a text', { command: 'render_product', parameters: '{}' }, 'parameters: must be an object'],
  ['tasks as an object', aBody({ tasks: {} }), 'tasks: must be an array'],
  ['a task as a text', aBody({ tasks: ['s3_upload'] }), 'tasks[0]: must be an object with name and config'],
  ['a task without a name', aBody({ tasks: [{ config: {} }] }), 'tasks[0].name: is required'],
  ['a task without a config', aBody({ tasks: [{ name: 's3_upload' }] }), 'tasks[0].config: must be an object'],
  [
    'an unknown task',
    aBody({ tasks: [{ name: 'ftp', config: {} }] }),
    'tasks[0].name: unknown task "ftp", known are s3_upload, http_post',
  ],
  [
    'a task of the prototype',
    aBody({ tasks: [{ name: 'constructor', config: {} }] }),
    'tasks[0].name: unknown task "constructor", known are s3_upload, http_post',
  ],
  ['no bucket', s3({ key: 'k' }), 'tasks[0].config.bucket: is required'],
  [
    'an unknown variable',
    s3({ bucket: 'b', key: '${env:SECRET}' }),
    'tasks[0].config.key: unknown variable "${env:SECRET}"',
  ],
  ['dqm as a list', aBody({ dqm: [] }), 'dqm: must be an object'],
  [
    'a job id with a space',
    aBody({ dqm: { job_id: 'a b' } }),
    'dqm.job_id: must be 1 to 200 of the characters A-Za-z0-9._:-',
  ],
  ['a job id that is a number', aBody({ dqm: { job_id: 5 } }), 'dqm.job_id: must be a string'],
  [
    'an unknown priority',
    aBody({ dqm: { priority: 'urgent' } }),
    'dqm.priority: must be one of highest, high, normal, low, lowest, or 1 to 5',
  ],
  [
    'priority 0',
    aBody({ dqm: { priority: 0 } }),
    'dqm.priority: must be one of highest, high, normal, low, lowest, or 1 to 5',
  ],
  [
    'a tenant over 64 bytes',
    aBody({ dqm: { tenant: `${'ü'.repeat(32)}x` } }),
    'dqm.tenant: must have at most 64 bytes',
  ],
  ['a tenant with a line end', aBody({ dqm: { tenant: 'a\nb' } }), 'dqm.tenant: must not hold control characters'],
  [
    'half a pair in a tenant',
    '{"command":"render_product","dqm":{"tenant":"\\ud800"}}',
    'dqm.tenant: must not hold control characters',
  ],
])('%s is a bad message', (_what, body, reason) => {
  expect(rejection({ body })).toMatchObject({ type: 'BadMessage', reason });
});

test('a body over the limit is a bad message, one of the limit is not', () => {
  const body = JSON.stringify(aBody());
  expect(rejection({ body }, someRules({ maxMessageBytes: body.length - 1 })).reason).toBe(
    `body: has ${body.length} bytes, max_message_bytes allows ${body.length - 1}`,
  );
  expect(readMessage(aMessage({ body }), someRules({ maxMessageBytes: body.length }))).toHaveProperty('job');
});

test('10,000 levels are too deep, wherever they are', () => {
  const deep = '['.repeat(10_000) + ']'.repeat(10_000);
  expect(rejection({ body: `{"command":"render_product","parameters":{"a":${deep}}}` }).reason).toBe(
    'parameters: nests deeper than 1000 levels',
  );
  expect(rejection({ body: `{"other":${deep}}` }).reason).toBe('other: nests deeper than 1000 levels');
  expect(rejection({ body: deep }).reason).toBe('body: must be a JSON object, is an array');
});

test('over 128 KiB of tasks do not travel with a job', () => {
  const key = 'x'.repeat(1_000);
  const tasks = Array.from({ length: 140 }, () => ({ name: 's3_upload', config: { bucket: 'b'.repeat(3), key } }));
  expect(rejection({ body: aBody({ tasks }) }).reason).toMatch(/^tasks: have \d+ bytes, at most 131072 travel/);
});

test('a command that is not listed is not allowed, and the message says by which file', () => {
  expect(rejection({ body: { command: 'format_disk', dqm: { job_id: 'x-1' } } })).toEqual({
    type: 'CommandNotAllowed',
    reason: 'command: format_disk is not listed by allow_command in /etc/dqm/realityserver.conf',
    jobId: 'x-1',
  });
});

test.each(['render_produc', 'render_product ', 'RENDER_PRODUCT', 'turntable', 'constructor', '__proto__'])(
  'only exact names are allowed, not %s',
  (command) => expect(rejection({ body: { command } }).type).toBe('CommandNotAllowed'),
);

test('an empty allow-list allows nothing', () => {
  expect(rejection({}, someRules({ allowCommands: new Set() })).type).toBe('CommandNotAllowed');
});

test.each([
  ['highest', 1],
  ['lowest', 5],
  [2, 2],
  ['4', 4],
])('priority %j goes as %i', (priority, key) => expect(job({ body: aBody({ dqm: { priority } }) }).priority).toBe(key));

test.each([
  [undefined, null],
  [255, 1],
  [9, 1],
  [8, 1],
  [7, 2],
  [6, 2],
  [5, 3],
  [4, 3],
  [3, 4],
  [2, 4],
  [1, 5],
  [0, 5],
])("AMQP's priority %j goes as %j", (brokerPriority, key) => {
  expect(job(brokerPriority === undefined ? {} : { brokerPriority }).priority).toBe(key);
});

test("the body wins over attributes, and those over the broker's priority", () => {
  const attributes = { jobId: 'outer', priority: '2', tenant: 'outer' };
  expect(job({ attributes, brokerPriority: 9 })).toMatchObject({ jobId: 'outer', priority: 2, tenant: 'outer' });
  const body = aBody({ dqm: { job_id: 'inner', priority: 'low', tenant: 'inner' } });
  expect(job({ body, attributes, brokerPriority: 9 })).toMatchObject({ jobId: 'inner', priority: 4, tenant: 'inner' });
});

test('an attribute that counts must be valid, one that does not need not', () => {
  const attributes = { jobId: 'a b' };
  expect(rejection({ attributes }).reason).toMatch(/^attribute dqm_job_id: must be/);
  expect(job({ body: aBody({ dqm: { job_id: 'inner' } }), attributes }).jobId).toBe('inner');
});

test('a dead letter may name its job by any message id that its broker takes', () => {
  const originalMessageId = 'order 17/ä';
  expect(job({ attributes: { jobId: originalMessageId, originalMessageId } }).jobId).toBe(originalMessageId);
  expect(rejection({ attributes: { jobId: 'order 18/ä', originalMessageId } }).type).toBe('BadMessage');
});

test('a rejection says which job it is about, as far as that can be read', () => {
  expect(rejection({ body: '{', attributes: { jobId: 'outer' } }).jobId).toBe('outer');
  expect(rejection({ body: { dqm: { job_id: 'inner' } }, attributes: { jobId: 'outer' } }).jobId).toBe('inner');
  expect(rejection({ body: { dqm: { job_id: 'a b' } } }).jobId).toBeUndefined();
});

test('unknown keys are tolerated and reported', () => {
  const body = '{"command":"render_product","colour":1,"__proto__":{"x":1},"dqm":{"tennant":"a"}}';
  expect(job({ body }).unknownKeys).toEqual(['colour', '__proto__', 'dqm.tennant']);
});

test('a reason is one line, bounded, whatever the names are', () => {
  const { reason } = rejection({
    body: s3({ bucket: 'b', key: 'k', metadata: { ['a\nb\u0000\ud800'.repeat(900)]: 1 } }),
  });
  expect(reason).not.toMatch(/[\p{Cc}\p{Surrogate}]/u);
  expect(reason.length).toBeLessThanOrEqual(1_000);
});

describe('no body makes it throw', () => {
  const judged = (message: MessageChanges): string => {
    const read = readMessage(aMessage(message), someRules());
    return 'rejected' in read ? read.rejected.reason : `a job: ${read.job.command}`;
  };
  const VERDICT = /^(a job: render_product|\S.*: .+)$/u;

  test('random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (body) => expect(judged({ body })).toMatch(VERDICT)));
  });

  test('the golden message with some bytes changed', () => {
    const changes = fc.array(fc.tuple(fc.nat(GOLDEN_BODY.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(changes, (list) => {
        const body = Buffer.from(GOLDEN_BODY);
        for (const [index, value] of list) body[index] = value;
        expect(judged({ body })).toMatch(VERDICT);
      }),
      { numRuns: 500 },
    );
  });

  test('any JSON in any field, names of the prototype too', () => {
    const key = fc.constantFrom(
      'command',
      'parameters',
      'tasks',
      'dqm',
      'queue_name',
      '__proto__',
      'constructor',
      'toString',
    );
    const config = fc.dictionary(
      fc.constantFrom('bucket', 'key', 'postback_uri', 'headers', '__proto__', 'constructor'),
      fc.jsonValue(),
    );
    const task = fc.record({ name: fc.constantFrom('s3_upload', 'http_post', '__proto__', 'toString'), config });
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constant('render_product'),
      fc.array(task),
      fc.dictionary(key, fc.jsonValue()),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value)), (members) => {
        // As text: an object literal would take __proto__ for its prototype.
        const text = members.map(([name, member]) => `${JSON.stringify(name)}:${JSON.stringify(member)}`).join(',');
        expect(judged({ body: `{${text}}` })).toMatch(VERDICT);
      }),
      { numRuns: 500 },
    );
  });

  test('any attributes', () => {
    const text = fc.option(fc.string({ unit: 'binary' }), { nil: undefined });
    const attributes = fc.record({ jobId: text, priority: text, tenant: text, originalMessageId: text });
    fc.assert(fc.property(attributes, (given) => expect(judged({ attributes: given })).toMatch(VERDICT)));
  });
});
