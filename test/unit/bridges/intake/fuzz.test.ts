import type { Client } from '@temporalio/client';

import type { Verdict } from '../../../../bridges/intake/intake.ts';
import type { JobInput } from '../../../../lib/contract/job-input.ts';
import { memberText } from '../../../../lib/contract/json-text.ts';
import { fuzzedBodies } from '../../../support/fuzzed-bodies.ts';
import { aMessage } from '../../../support/a-message.ts';
import { anIntake } from '../../../support/an-intake.ts';

const BODIES = 20_000;
const SEED = 20_261_124;

/** An engine that starts everything, and keeps what it was given as the wire would carry it. */
function anEngine() {
  const inputs: JobInput[] = [];
  const client = {
    withDeadline: (_deadline: number, call: () => Promise<unknown>) => call(),
    workflow: {
      start: async (_type: string, { args: [input] }: { args: [JobInput] }) => {
        inputs.push(JSON.parse(JSON.stringify(input)) as JobInput);
      },
    },
  };
  return { inputs, client: client as unknown as Client };
}

/** `started` and `rejected` are all that may be; anything else says what went wrong. */
function endingOf(body: Buffer, verdict: Verdict, input: JobInput | undefined): string {
  const text = body.toString();
  if (verdict.outcome === 'rejected') {
    return /^[^\p{Cc}\p{Surrogate}]{1,1000}$/u.test(verdict.reason) ? 'rejected' : `a reason that is none: ${text}`;
  }
  if (verdict.outcome !== 'started') return `${verdict.outcome}: ${text}`;
  if (JSON.stringify(input?.body) !== JSON.stringify({ text })) return `altered: ${text}`;
  JSON.parse(memberText(text, 'parameters') ?? '{}');
  return 'started';
}

test(`each of ${BODIES} bodies, broken in every way, is started to the byte or rejected with a reason`, async () => {
  const { inputs, client } = anEngine();
  const { intake } = anIntake(client);
  const bodies = fuzzedBodies(SEED);
  const endings = new Map<string, number>();
  for (let index = 0; index < BODIES; index += 1) {
    const body = bodies.next().value as Buffer;
    const verdict = await intake.judge(aMessage({ body, messageId: `m-${index}` }), new AbortController().signal);
    const ending = endingOf(body, verdict, inputs.pop());
    endings.set(ending, (endings.get(ending) ?? 0) + 1);
  }
  expect([...endings.keys()].sort()).toEqual(['rejected', 'started']);
  // Both in numbers, or this tests nothing.
  expect(endings.get('started')).toBeGreaterThan(BODIES / 20);
  expect(endings.get('rejected')).toBeGreaterThan(BODIES / 5);
});
