import type { DeadLetter } from '../../lib/contract/dead-letter.ts';

/** A dead letter of a failed run; a text as its body is read as UTF-8. */
export const aDeadLetter = ({ body = '{', ...changes }: DeadLetterChanges = {}): DeadLetter => ({
  body: Buffer.from(body),
  envelope: { transport: 'direct' },
  error: { type: 'CommandFailed', message: 'no such scene' },
  jobId: 'chair-1',
  messageId: 'm-1',
  suffix: '0197-run',
  occurrence: '0197-run',
  ...changes,
});

export type DeadLetterChanges = Partial<Omit<DeadLetter, 'body'>> & { body?: string };
