import { Client, Connection, type WorkflowExecutionDescription } from '@temporalio/client';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { ApplicationFailure } from '@temporalio/common';
import { encodeErrorToFailure, encodeToPayloads } from '@temporalio/common/lib/internal-non-workflow/codec-helpers.js';
import { msToTs } from '@temporalio/common/lib/time.js';

import { createDecoder, type RawPendingActivity } from '../../../../lib/jobs/decode.ts';
import { pendingActivities, runningCommand } from '../../../../lib/jobs/pending.ts';

import { aPendingActivity, secondsLater } from './a-job.ts';

/** Turns each byte around, as an encryption would. */
const flipped = (payloads: Payload[]): Payload[] =>
  payloads.map((payload) => ({ ...payload, data: (payload.data ?? new Uint8Array()).map((byte) => byte ^ 0xff) }));
const codec: PayloadCodec = { encode: async (plain) => flipped(plain), decode: async (coded) => flipped(coded) };

const client = new Client({ connection: Connection.lazy(), dataConverter: { payloadCodecs: [codec] } });
const converter = client.options.loadedDataConverter;
const decoder = createDecoder(client);

const SCHEDULED = 1;
const STARTED = 2;
const CANCEL_REQUESTED = 3;

/** As the engine describes it: recorded, but for the codec. */
async function described(changes: Partial<Omit<RawPendingActivity, 'state'>> & { state: number }) {
  const raw = {
    activityId: '1',
    activityType: { name: 'runCommand' },
    attempt: 2,
    lastWorkerIdentity: 'gpu@gpu-07.farm/2',
    heartbeatDetails: { payloads: await encodeToPayloads(converter, { host: 'gpu-07.farm', progress: 40 }) },
    lastFailure: await encodeErrorToFailure(
      converter,
      ApplicationFailure.create({ type: 'HostFault', message: 'gone' }),
    ),
    ...changes,
  };
  const [activity] = await pendingActivities(
    { raw: { pendingActivities: [raw] } } as unknown as WorkflowExecutionDescription,
    decoder,
  );
  return activity;
}

test.each([STARTED, CANCEL_REQUESTED])(
  'an attempt on its way (state %i) tells host, start and progress',
  async (state) => {
    const startedAt = secondsLater(2);
    expect(await described({ state, lastStartedTime: msToTs(startedAt.getTime()) })).toEqual({
      activityId: '1',
      name: 'runCommand',
      isRunning: true,
      attempts: 2,
      startedAt,
      host: 'gpu-07.farm',
      progress: 40,
      failure: { type: 'HostFault', message: 'gone' },
    });
  },
);

test('between two attempts only the last failure and its host are told, and when the next one may begin', async () => {
  const next = secondsLater(30);
  const nextAttemptScheduleTime = msToTs(next.getTime());
  expect(await described({ state: SCHEDULED, nextAttemptScheduleTime })).toEqual({
    activityId: '1',
    name: 'runCommand',
    isRunning: false,
    attempts: 1,
    nextAttemptAt: next,
    failure: { type: 'HostFault', message: 'gone' },
    failedOn: 'gpu-07.farm',
  });
});

test('before the first attempt there is nothing to tell', async () => {
  const fresh = { attempt: 1, lastWorkerIdentity: '', heartbeatDetails: null, lastFailure: null };
  expect(await described({ state: SCHEDULED, ...fresh })).toEqual(aPendingActivity());
});

test('a host that fell silent is a host fault, and what the attempt before said stays readable', async () => {
  const HEARTBEAT = 4;
  const lastFailure = {
    message: 'activity Heartbeat timeout',
    timeoutFailureInfo: { timeoutType: HEARTBEAT },
    cause: { message: 'no licence', applicationFailureInfo: {} },
  };
  expect((await described({ state: SCHEDULED, lastFailure }))?.failure).toEqual({
    type: 'HostFault',
    message: 'silent for longer than its heartbeat timeout, the attempt before said: no licence',
  });
});

test('of the commands of a chain, the one that began first is the one that runs', () => {
  const first = aPendingActivity({ activityId: '3', isRunning: true, startedAt: secondsLater(2) });
  const second = aPendingActivity({ activityId: '2', isRunning: true, startedAt: secondsLater(5) });
  const task = aPendingActivity({ activityId: '4', name: 's3_upload', isRunning: true, startedAt: secondsLater(1) });
  expect(runningCommand([task, second, aPendingActivity(), first])).toBe(first);
  expect(runningCommand([task, aPendingActivity()])).toBeUndefined();
});
