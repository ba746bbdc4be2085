import { audit, auditTable, isClean, type Evidence, type SentMessage } from '../../../soak/audit.ts';

const aSent = (changes: Partial<SentMessage> = {}): SentMessage => ({
  broker: 'SQS',
  messageId: 'm-1',
  jobId: 'm-1',
  number: 1,
  isBad: false,
  ...changes,
});

const theEvidence = (changes: Partial<Evidence> = {}): Evidence => ({
  sent: [aSent()],
  jobs: new Map([['SQS m-1', 'completed']]),
  deadLetters: new Set(),
  runs: new Map([['SQS 1', { whole: 1, brokenOff: 0 }]]),
  unsettled: { SQS: 0, AMQP: 0 },
  ...changes,
});

test('a message whose job has completed ended well', () => {
  expect(isClean(audit(theEvidence()))).toBe(true);
});

test('of two messages of one job the second is a duplicate; a bad one is a dead letter', () => {
  const sent = [
    aSent({ jobId: 'twice' }),
    aSent({ jobId: 'twice', messageId: 'm-2' }),
    aSent({ broker: 'AMQP', messageId: 'm-3', isBad: true }),
  ];
  const found = audit(
    theEvidence({ sent, jobs: new Map([['SQS twice', 'completed']]), deadLetters: new Set(['m-3']) }),
  );
  expect([...found.endings.SQS]).toEqual([
    ['completed', 1],
    ['duplicate', 1],
  ]);
  expect([...found.endings.AMQP]).toEqual([['dead letter', 1]]);
  expect(isClean(found)).toBe(true);
});

test.each<[string, Partial<Evidence>]>([
  ['a message that became nothing', { jobs: new Map() }],
  ['a bad one without a dead letter', { sent: [aSent({ isBad: true })] }],
  ['a job that failed', { jobs: new Map([['SQS m-1', 'failed']]) }],
  ['a job that waits', { jobs: new Map([['SQS m-1', 'waiting']]) }],
  ['a command that ran twice', { runs: new Map([['SQS 1', { whole: 2, brokenOff: 0 }]]) }],
  ['a message that is still in the queue', { unsettled: { SQS: 0, AMQP: 1 } }],
])('%s is seen', (_name, changes) => {
  expect(isClean(audit(theEvidence(changes)))).toBe(false);
});

test('a command that was broken off may run again, and is listed', () => {
  const found = audit(theEvidence({ runs: new Map([['SQS 1', { whole: 1, brokenOff: 1 }]]) }));
  expect(isClean(found)).toBe(true);
  expect(auditTable(found)).toContain('their result never staged, and ran again: 1: SQS 1');
});
